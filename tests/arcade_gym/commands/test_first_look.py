"""The page that a newcomer sees."""

import importlib.metadata

import jax
import pytest

from arcade_gym import interop
from arcade_gym.commands import first_look
from arcade_gym.commands.main import VERBS, main
from jax_core import registry
from jax_core.version import __version__


def packages_without(*missing):
    find = importlib.metadata.version

    def version(name):
        if name in missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return find(name)

    return version


@pytest.mark.quick
def test_the_page_names_versions_devices_games_and_commands(capsys):
    assert main([]) == 0
    page = capsys.readouterr().out
    assert f"Arcade Gym {__version__}\n" in page
    assert f"jax=={jax.__version__}" in page
    assert f"JAX: {jax.devices()[0].platform}:0" in page
    for game in registry.games:
        assert f"\n  {game} " in page
    for command in page.partition("\nNext\n")[2].splitlines():
        program, verb, *_ = command.split()
        assert (program == "arcade-gym" and verb in VERBS) or program == "python"
    assert max(map(len, page.splitlines())) <= 80


def test_the_page_says_whether_torch_shares_the_device(monkeypatch):
    assert "PyTorch: gets frames on cpu without a copy" in first_look.devices()
    share = interop.to_torch
    monkeypatch.setattr(interop, "to_torch", lambda array: share(array).clone())
    assert "PyTorch: gets frames on cpu through a copy" in first_look.devices()

    def refuse(array):
        raise RuntimeError("no CUDA")

    monkeypatch.setattr(interop, "to_torch", refuse)
    assert "PyTorch: does not share this device (no CUDA)" in first_look.devices()


def test_the_page_works_without_optional_packages(monkeypatch):
    def refuse(array):
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(interop, "to_torch", refuse)
    version = packages_without("torch", "pygame-ce")
    monkeypatch.setattr(importlib.metadata, "version", version)
    assert "PyTorch: not installed" in first_look.devices()
    assert "pip install 'arcade-gym[torch,human]'" in first_look.versions()


def test_the_page_shows_why_there_is_no_device(monkeypatch):
    def refuse():
        raise RuntimeError("Unable to initialize backend 'cuda'")

    monkeypatch.setattr(jax, "devices", refuse)
    assert (
        "JAX: no device (Unable to initialize backend 'cuda')" in first_look.devices()
    )
