"""Modules that register games: "lamp" or "games/lamp.py" in "lamp:LampEasy"."""

import importlib
import importlib.util
import sys
from pathlib import Path


def load(module: str) -> None:
    """Imports a module by its name, or the file that it is; a second time is nothing.

    Raises:
        ValueError: there is no such module, or it imports something that is missing.
    """
    try:
        if module.endswith(".py"):
            _load_file(Path(module).resolve())
        else:
            importlib.import_module(module)
    except (ImportError, FileNotFoundError) as error:
        raise ValueError(
            f"Cannot import {module!r}: {error}. Name the module that registers the "
            "game: one that can be imported from here, or a file that ends in .py"
        ) from error


def find(defined: type) -> str | None:
    """The module in which a class was defined, so that another process can load it.

    Returns:
        A name, or a path where it is a script; None for what was typed in.
    """
    if defined.__module__ != "__main__":
        return defined.__module__
    script = getattr(sys.modules["__main__"], "__file__", None)
    return str(Path(script).resolve()) if script else None


def _load_file(path: Path) -> None:
    """Imports a file under the name that it has where it lies."""
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None:
        if getattr(loaded, "__file__", None) == str(path):
            return
        raise ImportError(f"{name!r} is another module already; rename the file")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
