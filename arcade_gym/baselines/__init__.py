"""Learners in JAX: agents with any memory, trained on the device (`baselines`)."""

try:
    from arcade_gym.baselines.memory import Memory, make_memory, memory_names
    from arcade_gym.baselines.networks import ActorCriticRNN, QNetworkRNN
except ModuleNotFoundError as error:
    raise ImportError(
        f"arcade_gym.baselines needs {error.name}: pip install 'arcade-gym[baselines]'"
    ) from error

__all__ = [
    "ActorCriticRNN",
    "Memory",
    "QNetworkRNN",
    "make_memory",
    "memory_names",
]
