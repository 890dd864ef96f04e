"""Logs and films of what was played."""

import json

import numpy as np
import pygame
import pytest

from arcade_gym.films import film
from arcade_gym.playing.loop import Loop, Outputs
from tests.arcade_gym import decoding
from tests.arcade_gym.playing.kit import (
    key_down,
    open_window,
    press,
)


def test_the_log_has_a_line_per_episode(compiled, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"kept": true}\n')
    match = compiled("SkittlesEasy", seed=7)
    loop = Loop(match, open_window(), fps=None, outputs=Outputs(log=log))
    while not match.end:
        press(loop, pygame.K_SPACE)
    ended = (match.end, match.length, match.total)
    press(loop, pygame.K_n, pygame.K_LEFT, pygame.K_v, pygame.K_LEFT, pygame.K_r)
    press(loop, pygame.K_n, pygame.K_v)  # nothing was played: no line
    key_down(pygame.K_LEFT)
    key_down(pygame.K_ESCAPE)
    loop.run()
    _, *lines = [json.loads(line) for line in log.read_text().splitlines()]
    common = {"id": "SkittlesEasy", "fps": None}
    assert lines == [
        common
        | {"view": "full", "seed": 7, "end": ended[0], "length": ended[1]}
        | {"return": pytest.approx(ended[2]), "won": ended[0] == "truncated"},
        common
        | {"view": "mixed", "seed": 8, "end": "abandoned", "length": 2}
        | {"return": 0.02, "won": None},
        common
        | {"view": "mixed", "seed": 9, "end": "abandoned", "length": 1}
        | {"return": 0.01, "won": None},
    ]


def test_the_film_has_a_frame_per_step_in_the_view_that_was_shown(compiled, tmp_path):
    match = compiled("NavigatorEasy", seed=3)
    path = tmp_path / "a.gif"
    opened = film.open_film(path, fps=5)
    loop = Loop(match, open_window(), fps=None, outputs=Outputs(film=opened))
    want = [match.frame]
    for key in (pygame.K_LEFT, pygame.K_v, pygame.K_RIGHT, pygame.K_r, pygame.K_UP):
        press(loop, key)
        if key != pygame.K_v:
            want.append(match.frame)
    pygame.event.post(pygame.Event(pygame.QUIT))  # the window is closed
    loop.run()
    opened.close()
    frames, durations = decoding.decode_gif(path)
    found = decoding.repeat_by_duration(frames, durations, fps=5)
    np.testing.assert_array_equal(found, want)
