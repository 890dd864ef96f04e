"""The first page, the list of games, and the cache of the commands."""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

import arcade_gym
from arcade_gym import __main__ as first_page
from arcade_gym import interop, listing
from arcade_gym.commands import compilation_cache
from jax_core import registry

FORGET = "JAX_COMPILATION_CACHE_DIR"


def packages_without(*missing):
    find = importlib.metadata.version

    def version(name):
        if name in missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return find(name)

    return version


def test_the_page_names_versions_devices_games_and_commands(capsys):
    first_page.main([])
    page = capsys.readouterr().out
    assert f"Arcade Gym {arcade_gym.__version__}\n" in page
    assert f"jax=={jax.__version__}" in page
    assert f"JAX: {jax.devices()[0].platform}:0" in page
    for game in registry.games:
        assert f"\n  {game} " in page
    commands = page.partition("\nNext\n")[2].splitlines()
    assert len(commands) == 3
    assert all(
        command.split()[0].startswith(("arcade-gym", "python")) for command in commands
    )
    assert max(map(len, page.splitlines())) <= 80


def test_the_page_says_whether_torch_shares_the_device(monkeypatch):
    assert "PyTorch: gets frames on cpu without a copy" in first_page.devices()
    share = interop.to_torch
    monkeypatch.setattr(interop, "to_torch", lambda array: share(array).clone())
    assert "PyTorch: gets frames on cpu through a copy" in first_page.devices()

    def refuse(array):
        raise RuntimeError("no CUDA")

    monkeypatch.setattr(interop, "to_torch", refuse)
    assert "PyTorch: does not share this device (no CUDA)" in first_page.devices()


def test_the_page_works_without_optional_packages(monkeypatch):
    def refuse(array):
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(interop, "to_torch", refuse)
    version = packages_without("torch", "pygame-ce")
    monkeypatch.setattr(importlib.metadata, "version", version)
    assert "PyTorch: not installed" in first_page.devices()
    assert "pip install 'arcade-gym[torch,human]'" in first_page.versions()


def test_the_page_shows_why_there_is_no_device(monkeypatch):
    def refuse():
        raise RuntimeError("Unable to initialize backend 'cuda'")

    monkeypatch.setattr(jax, "devices", refuse)
    assert (
        "JAX: no device (Unable to initialize backend 'cuda')" in first_page.devices()
    )


def test_the_module_runs_as_a_command():
    command = [sys.executable, "-m", "arcade_gym", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("usage: python -m arcade_gym")


def test_games_are_listed_as_data():
    games = {game.name: game for game in arcade_gym.list_games()}
    assert tuple(games) == tuple(registry.games)
    assert games["Skittles"] == listing.GameInfo(
        name="Skittles",
        goal="dodge blocks that fall down a lane.",
        env_ids=("SkittlesEasy", "SkittlesMedium", "SkittlesHard"),
        max_steps=(100, 100, 100),
        moves=("-", "-", "player left", "player right", "-"),
    )
    assert games["Tetris"].moves[0] == "rotate clockwise"
    assert all(game.goal and len(game.moves) == 5 for game in games.values())
    assert (
        json.loads(json.dumps(games["Breakout"]._asdict()))["max_steps"] == [2000] * 3
    )


def test_a_game_without_a_table_of_actions_gets_their_names(monkeypatch):
    module = sys.modules[type(registry.games["Skittles"].game).__module__]
    monkeypatch.setattr(module, "__doc__", None)  # as under python -OO
    game = listing.find_game("SkittlesHard")
    assert (game.goal, game.moves) == ("", ("up", "down", "left", "right", "fire"))


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'SkittlesHard'"):
        listing.find_game("SkitlesHard")


@pytest.mark.parametrize(
    ("system", "variables", "want"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/arcade-gym/jax")),
        ("linux", {}, Path("~/.cache/arcade-gym/jax")),
        ("darwin", {}, Path("~/Library/Caches/arcade-gym/jax")),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/arcade-gym/jax")),
    ],
)
def test_the_cache_lies_in_the_users_folder(monkeypatch, system, variables, want):
    monkeypatch.setattr(sys, "platform", system)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert compilation_cache.folder() == want.expanduser()


@pytest.mark.parametrize("chosen", [None, "mine"])
def test_compiled_functions_are_kept_where_the_user_wants_them(tmp_path, chosen):
    code = (
        "from arcade_gym import compilation_cache; compilation_cache.enable(); "
        "import jax, jax_core; env, _ = jax_core.make('SkittlesEasy'); "
        "jax.jit(env.init)(jax.random.key(0))"
    )
    variables = {k: v for k, v in os.environ.items() if k != FORGET}
    variables["XDG_CACHE_HOME"] = str(tmp_path)
    if chosen:
        variables[FORGET] = str(tmp_path / chosen)
    subprocess.run([sys.executable, "-c", code], env=variables, check=True)
    folder = tmp_path / (chosen or "arcade-gym/jax")
    assert any("init" in path.name for path in folder.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {
        folder.relative_to(tmp_path).parts[0]
    }
