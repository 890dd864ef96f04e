"""Budgets: what `--budget` changes in a configuration, by algorithm.

"tiny" is measured on CPUs; "small" and "paper" are meant for one GPU. "paper" has the
sizes of Wang et al. 2025 (POPGym Arcade), with schedules that count steps.
"""

from dataclasses import replace
from typing import Any

from arcade_gym.baselines import levels
from arcade_gym.baselines.config import ALGORITHMS, RunConfig
from jax_core.registry import unknown

BUDGETS = ("smoke", "tiny", "small", "paper")

_SHORT_IN_PAPER = ("CartPole", "NoisyCartPole", "AutoEncode")
"""Games that the paper trained for 1e7 steps; the others got 2e7."""

_RUN: dict[str, dict[str, Any]] = {
    "smoke": {
        "obs_size": 64,
        "width": 32,
        "total_steps": 4096,
        "eval_every": 2048,
        "eval_episodes": 8,
        "test_episodes": 16,
    },
    "tiny": {"obs_size": 64, "width": 128, "encoder": "patch"},
    "small": {
        "obs_size": 128,
        "width": 256,
        "encoder": "conv",
        "total_steps": 5_000_000,
        "eval_episodes": 256,
    },
    "paper": {
        "obs_size": 128,
        "width": 256,
        "layers": 2,
        "encoder": "published",
        "eval_episodes": 256,
    },
}

_SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "smoke": {
        "ppo": {
            "num_envs": 16,
            "num_steps": 32,
            "num_minibatches": 4,
            "sequence_length": 32,
        },
        "pqn": {
            "num_envs": 16,
            "num_steps": 32,
            "num_minibatches": 4,
            "sequence_length": 32,
        },
        "dqn": {
            "num_envs": 16,
            "replay_rows": 2048,
            "learning_starts": 512,
            "updates_per_collect": 4,
            "target_period": 512,
        },
    },
    # Greedy play of a policy that stays near uniform jumps between evaluations.
    "tiny": {"ppo": {"final_ent_coef": 0.0}, "pqn": {}, "dqn": {}},
    "small": {
        "ppo": {"num_envs": 512, "num_steps": 64, "learning_rate": 5e-4},
        "pqn": {
            "num_envs": 256,
            "num_steps": 64,
            "num_minibatches": 16,
            "learning_rate": 2.5e-4,
        },
        "dqn": {
            "num_envs": 128,
            "replay_rows": 131_072,
            "learning_starts": 16_384,
            "batch_rows": 1024,
            "learning_rate": 5e-4,
        },
    },
    "paper": {
        "ppo": {
            "num_envs": 16,
            "num_steps": 128,
            "num_minibatches": 16,
            "sequence_length": 128,
            "learning_rate": 1e-4,
        },
        "pqn": {
            "num_envs": 16,
            "num_steps": 128,
            "epochs": 4,
            "num_minibatches": 16,
            "sequence_length": 128,
            "learning_rate": 5e-5,
            "final_learning_rate": 5e-7,
            "q_lambda": 0.95,
        },
        "dqn": {
            "num_envs": 16,
            "replay_rows": 102_400,
            "learning_starts": 10_240,
            "updates_per_collect": 1,
            "sequence_length": 120,
            "burn_in": 40,
            "batch_rows": 1280,
            "stride": 16,
            "learning_rate": 5e-5,
            "final_learning_rate": 5e-7,
        },
    },
}

_TINY_STEPS = {"ppo": 400_000, "pqn": 700_000, "dqn": 300_000}


def preset(budget: str, algorithm: str, env_id: str) -> RunConfig:
    """The configuration of a budget, to be changed with `dataclasses.replace`.

    Args:
        budget: one of `BUDGETS`.
        algorithm: one of `config.ALGORITHMS`.
        env_id: a level; the budget of the paper depends on its game.

    Raises:
        ValueError: an unknown name; names the nearest one.
    """
    if budget not in BUDGETS:
        raise ValueError(unknown("budget", budget, BUDGETS))
    config = RunConfig(algorithm=algorithm, env_id=env_id)
    settings = ALGORITHMS[algorithm](**_SETTINGS[budget][algorithm])
    changes = _RUN[budget] | _steps(budget, algorithm, env_id)
    return replace(config, settings=settings, **changes)


def _steps(budget: str, algorithm: str, env_id: str) -> dict[str, int]:
    if budget == "tiny":
        return {"total_steps": _TINY_STEPS[algorithm]}
    if budget == "paper":
        game = levels.find(env_id).spec.name
        return {"total_steps": 10**7 if game in _SHORT_IN_PAPER else 2 * 10**7}
    return {}
