"""Pixel games as pure JAX functions, fully and partially observable."""

from jax_core.compilation import compiler_options
from jax_core.environment import Environment
from jax_core.registry import make, registered_envs

__all__ = ["Environment", "compiler_options", "make", "registered_envs"]
