"""Loads example scripts, which are not a package."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"


def load(name):
    """Imports `examples/<name>.py`."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
