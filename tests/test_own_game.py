"""The page on own games is true: its file is a game, and its commands run."""

import os
import pickle
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pygame
import pytest
from PIL import Image

import arcade_gym
import jax_core
from arcade_gym import compilation_cache
from arcade_gym.commands.main import main
from arcade_gym.playing import loading
from jax_core import addresses, registry
from jax_core.game import Move

PAGE = Path(__file__).parents[1] / "docs" / "own_game.md"
FILE, USE = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
(COMMANDS,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
SMALL = ["-o", "64"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The present folder, in which lamp.py lies."""
    (tmp_path / "lamp.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)
    yield tmp_path
    if "Lamp" in registry.games:
        arcade_gym.unregister("Lamp")
    sys.modules.pop("lamp", None)


def command(verb):
    (line,) = [line for line in COMMANDS.splitlines() if f"arcade-gym {verb}" in line]
    return shlex.split(line)[1:]


def test_python_runs_as_written(folder):
    exec(compile(USE, str(PAGE), "exec"), {})
    (game,) = [game for game in arcade_gym.list_games() if game.name == "Lamp"]
    assert game.goal == "Say at the end which of two lamps was lit at the beginning."
    assert game.moves[2] == "it was the left lamp"
    assert game.signs[0] == ("yellow square", "the lit lamp")


def test_the_games_command_describes_it(folder, capsys):
    assert main(command("games")) == 0
    assert "LampHard                    24 steps at most" in capsys.readouterr().out


def test_it_is_filmed(folder):
    assert main([*command("record"), *SMALL, "--steps", "6", "--caption", ""]) == 0
    with Image.open("lamp.gif") as film:
        assert film.size == (2 * 64 + 4, 2 * 64 + 4)
        assert film.n_frames > 2  # lit, dark, asked


def test_it_is_played(folder, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(loading, "run", lambda window, text, work: work() or True)
    pygame.display.init()
    for key in (*[pygame.K_UP] * 5, pygame.K_LEFT, pygame.K_ESCAPE):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
    try:
        assert main([*command("play"), *SMALL, "--log", "log.jsonl"]) == 0
    finally:
        pygame.quit()
    (line,) = Path("log.jsonl").read_text().splitlines()
    assert '"id": "LampEasy", "view": "partial"' in line
    assert '"length": 6, "end": "terminated"' in line


def test_the_lamp_must_be_remembered(folder):
    """The right answer pays, and only the full view shows it at the end."""
    env, _ = jax_core.make("lamp:LampEasy", obs_size=64)
    partial, _ = jax_core.make("lamp:LampEasy", partial_obs=True, obs_size=64)
    key = jax.random.key(0)
    for side, move in ((-1, Move.LEFT), (1, Move.RIGHT)):
        start = replace(env.init(key), lit=jnp.int32(side))
        for action, paid in ((move, 1.0), (5 - move, 0.0), (Move.UP, 0.0)):
            asked = replace(start, time=jnp.int32(5))
            assert float(env.transition(key, asked, action).reward) == paid
    shown = {}
    for time in (0, 3, 5):
        left, right = (
            replace(start, lit=jnp.int32(side), time=jnp.int32(time))
            for side in (-1, 1)
        )
        for name, view in (("full", env), ("partial", partial)):
            equal = np.array_equal(view.get_obs(left), view.get_obs(right))
            shown[name, time] = not equal
    assert shown == {
        ("full", 0): True,
        ("full", 3): True,
        ("full", 5): True,
        ("partial", 0): True,
        ("partial", 3): False,
        ("partial", 5): False,
    }


@pytest.mark.slow
def test_another_process_finds_the_game_of_a_pickled_environment(folder):
    addresses.load("lamp")
    made = [
        arcade_gym.ArcadeEnv(game="LampHard", obs_size=64),
        arcade_gym.ArcadeVectorEnv(2, game="Lamp", obs_size=64, backend="numpy"),
    ]
    Path("made.pickle").write_bytes(pickle.dumps(made))
    code = (
        "import pickle; made = pickle.load(open('made.pickle', 'rb')); "
        "print([env.reset(seed=0)[0].shape for env in made])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(PAGE.parents[1]), "."])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[(64, 64, 3), (2, 64, 64, 3)]\n"
