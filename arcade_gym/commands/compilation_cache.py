"""Keeps what the commands compile on disk, so that a game's second start is fast."""

import os
import sys
from pathlib import Path

import jax


def enable() -> None:
    """Turns JAX's persistent cache on, unless the user has chosen a folder already.

    `JAX_COMPILATION_CACHE_DIR` chooses another folder and
    `JAX_ENABLE_COMPILATION_CACHE=false` turns the cache off. Only the commands call
    this: a library should not write to a home folder unasked.
    """
    folder_chosen = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]  # made at run time
    if folder_chosen is None:
        jax.config.update("jax_compilation_cache_dir", str(folder()))
    # The functions of a game compile in less than JAX's threshold of one second each.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def folder() -> Path:
    """Where the cache lies: the user's folder for files that can be deleted."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        root = "~/Library/Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "arcade-gym" / "jax"
