"""`arcade-gym play --agent`: whose level and view are played, and what is refused."""

import subprocess
import sys

import pytest

from arcade_gym.commands.main import main
from arcade_gym.introspection.live import LiveAgent
from arcade_gym.playing import app

AGENT = "builtin:cartpole-hard-gru"

# Plays a game and asks what that has imported.
WITHOUT_AN_AGENT = """
import pygame, sys
from arcade_gym.commands.main import main
from arcade_gym.playing import app

app.loading.run = lambda window, text, work: True
app.Match.frame = property(lambda match: __import__("numpy").zeros((64, 64, 3), "u1"))
app.Loop.turn = lambda loop: False
app.Loop._begin = app.Loop._log_if_unfinished = lambda loop: None
assert main(["play", "NavigatorEasy", "-o", "64"]) == 0
rooms = ("arcade_gym.baselines", "arcade_gym.introspection", "equinox", "optax")
assert not [name for name in sys.modules if name.startswith(rooms)]
assert "arcade_gym.playing.copilot" in sys.modules
"""


@pytest.fixture
def played(monkeypatch):
    """What would be played."""
    found = []
    monkeypatch.setattr(app, "play", found.append)
    return found


@pytest.mark.parametrize(
    "more", [[], ["CartPoleHard"], ["CartPoleHard", "-p", "-o", "64"]]
)
def test_level_view_and_size_are_those_of_the_agent(played, more):
    assert main(["play", "--agent", AGENT, *more, "--seed", "5"]) == 0
    (options,) = played
    assert (options.id, options.partial_obs) == ("CartPoleHard", True)
    assert (options.obs_size, options.seed) == (64, 5)
    assert isinstance(options.companion, LiveAgent)
    assert options.companion.name == AGENT


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["SkittlesEasy"], "CartPoleHard in the partial view, and cannot play"),
        (["-o", "128"], "at 64 pixels: leave --obs-size out"),
        (["--log", "a.jsonl"], "--log keeps what people play"),
    ],
)
def test_what_does_not_fit_the_agent_is_refused(
    played, capsys, tmp_path, more, message
):
    more = [str(tmp_path / text) if "jsonl" in text else text for text in more]
    with pytest.raises(SystemExit) as stopped:
        main(["play", "--agent", AGENT, *more])
    assert stopped.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert played == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("builtin:cartpole-hrd-gru", "Did you mean 'builtin:cartpole-hard-gru'"),
        ("no/such/run", "is not the folder of a run"),
    ],
)
def test_an_agent_that_is_not_there_is_refused(played, capsys, name, message):
    assert main(["play", "--agent", name]) == 2
    assert message in capsys.readouterr().err
    assert played == []


def test_without_the_extra_the_line_that_installs_it_is_named(
    played, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "arcade_gym.introspection.live", None)
    assert main(["play", "--agent", AGENT]) == 2
    assert capsys.readouterr().err.startswith("arcade-gym play: ")
    assert played == []


@pytest.mark.slow
def test_without_an_agent_nothing_of_agents_is_imported():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_AN_AGENT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
