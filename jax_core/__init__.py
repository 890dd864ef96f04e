"""Pixel games as pure JAX functions, fully and partially observable."""

from jax_core.compilation import compiler_options
from jax_core.environment import Environment
from jax_core.registry import make, register, registered_envs

__all__ = [
    "Environment",
    "compiler_options",
    "make",
    "register",
    "registered_envs",
]
