"""Keeps what the commands compile on disk, so that a game's second start is fast."""

import os
import sys
import warnings
from pathlib import Path

import jax


def enable() -> None:
    """Turns JAX's persistent cache on, unless the user has chosen a folder already.

    `JAX_COMPILATION_CACHE_DIR` chooses another folder and
    `JAX_ENABLE_COMPILATION_CACHE=false` turns the cache off. Only the commands call
    this: a library should not write to a home folder unasked. Where nothing can be
    kept (no home, a read-only or a full disk), commands work all the same.
    """
    chosen = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]  # made at run time
    if chosen is None:
        place = folder()
        if place is None or not _can_be_made(place):
            return
        jax.config.update("jax_compilation_cache_dir", str(place))
    # One warning for every compiled function would hide what the command has to say.
    warnings.filterwarnings("ignore", "Error (read|writ)ing persistent compilation")
    # The functions of a game compile in less than JAX's threshold of one second each.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def folder() -> Path | None:
    """Where the cache lies: the user's folder for files that can be deleted.

    None without one, as in containers whose user has neither HOME nor an entry in the
    system's list of users.
    """
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        root = "~/Library/Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(root).expanduser() / "arcade-gym" / "jax"
    except RuntimeError:  # "Could not determine home directory"
        return None


def _can_be_made(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return True
