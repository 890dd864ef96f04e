"""`arcade_gym.gymnax` where gymnax is not installed; with it, see tests/gymnax."""

import importlib
import sys

import pytest


def test_a_missing_gymnax_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnax", None)
    for name in ("arcade_gym.gymnax", "arcade_gym.gymnax.environment"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(
        ModuleNotFoundError,
        match=r"arcade_gym\.gymnax needs gymnax\S*: pip install 'arcade-gym\[gymnax\]'",
    ):
        importlib.import_module("arcade_gym.gymnax")
