"""What all tests of human play start from."""

import pygame
import pytest

from arcade_gym.commands import compilation_cache
from arcade_gym.playing import window
from arcade_gym.playing.loop import Loop, Outputs
from arcade_gym.playing.match import Match
from jax_core.game import Visibility
from tests.arcade_gym.playing.kit import (
    SIDE,
    open_window,
)


@pytest.fixture(autouse=True)
def _dummy_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)
    yield
    pygame.quit()


@pytest.fixture(scope="session")
def compiled():
    """One match per game, compiled once; tests begin a new episode."""
    matches = {}

    def get(env_id, seed=0):
        if env_id not in matches:
            matches[env_id] = Match(env_id, obs_size=SIDE, seed=0)
            matches[env_id].compile()
        match = matches[env_id]
        match.seed, match.visibility = seed, Visibility.FULL
        match.restart()
        return match

    return get


@pytest.fixture
def shown(monkeypatch):
    """The text that the panel shows."""
    lines = []
    show = window.Window.show

    def record(self, frame, panel=(), footer=None):
        lines[:] = [f"{line.label} {line.value}".strip() for line in panel]
        return show(self, frame, panel, footer)

    monkeypatch.setattr(window.Window, "show", record)
    return lines


@pytest.fixture
def board(compiled, tmp_path, shown):
    """A board game that steps on key presses, its window and its outputs."""
    match = compiled("NavigatorEasy", seed=3)
    outputs = Outputs(log=tmp_path / "log.jsonl", screenshots=tmp_path)
    return Loop(match, open_window(), fps=None, outputs=outputs)
