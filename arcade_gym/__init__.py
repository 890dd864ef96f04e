"""Pixel games as Gymnasium environments; importing registers `popgym_arcade/*`."""

from arcade_gym import (
    ctrl_c,  # noqa: F401  # first: what comes next takes seconds
    gymnasium_version,  # noqa: F401  # then: it refuses one that is too old
    interop,
)
from arcade_gym.commands import compilation_cache
from arcade_gym.env import ArcadeEnv
from arcade_gym.listing import list_games
from arcade_gym.registration import register, register_all, unregister
from arcade_gym.vector_env import ArcadeVectorEnv
from jax_core.version import __version__

__all__ = [
    "ArcadeEnv",
    "ArcadeVectorEnv",
    "__version__",
    "compilation_cache",
    "interop",
    "list_games",
    "register",
    "unregister",
]

register_all()
