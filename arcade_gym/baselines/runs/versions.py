"""What a run was made with."""

import importlib.metadata
import platform
from typing import Any

from arcade_gym.baselines.levels import Level
from jax_core.version import __version__


def versions(level: Level) -> dict[str, Any]:
    """Versions of the game, of this package and of what computes."""
    others = {name: importlib.metadata.version(name) for name in ("jax", "equinox")}
    return {
        "game": level.spec.version,
        "package": __version__,
        "python": platform.python_version(),
        **others,
    }
