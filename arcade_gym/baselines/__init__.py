"""Learners in JAX: agents with any memory, trained on the device (`baselines`)."""

try:
    from arcade_gym.baselines import returns
    from arcade_gym.baselines.agent import Agent, load_agent
    from arcade_gym.baselines.builtin import builtin_agents
    from arcade_gym.baselines.config import RunConfig
    from arcade_gym.baselines.evaluation import (
        EVAL_SEED,
        TEST_SEED,
        EpisodeTable,
        cross_evaluate,
        evaluate,
        evaluation_seeds,
    )
    from arcade_gym.baselines.learners.dqn import DQN
    from arcade_gym.baselines.learners.ppo import PPO
    from arcade_gym.baselines.learners.pqn import PQN
    from arcade_gym.baselines.memory import Memory, make_memory, memory_names
    from arcade_gym.baselines.networks import ActorCriticRNN, QNetworkRNN
    from arcade_gym.baselines.presets import preset
    from arcade_gym.baselines.runs.checkpoint import CheckpointError
    from arcade_gym.baselines.runs.interrupts import Interrupted
    from arcade_gym.baselines.runs.report import Report
    from arcade_gym.baselines.runs.sinks import Sink
    from arcade_gym.baselines.training import train
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"arcade_gym.baselines needs {error.name}: pip install 'arcade-gym[baselines]'",
        name=error.name,
    ) from error

__all__ = [
    "DQN",
    "EVAL_SEED",
    "PPO",
    "PQN",
    "TEST_SEED",
    "ActorCriticRNN",
    "Agent",
    "CheckpointError",
    "EpisodeTable",
    "Interrupted",
    "Memory",
    "QNetworkRNN",
    "Report",
    "RunConfig",
    "Sink",
    "builtin_agents",
    "cross_evaluate",
    "evaluate",
    "evaluation_seeds",
    "load_agent",
    "make_memory",
    "memory_names",
    "preset",
    "returns",
    "train",
]
