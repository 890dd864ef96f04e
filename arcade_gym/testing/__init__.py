"""A checker for vector environments, which Gymnasium lacks."""

from arcade_gym.testing.checker import RULES, VectorEnvError, check_vector_env

__all__ = ["RULES", "VectorEnvError", "check_vector_env"]
