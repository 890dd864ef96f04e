"""Plays the numbers of `arcade_gym.returns` again, on other episodes."""

import numpy as np
import pytest

from arcade_gym import returns
from tests.players import measuring

SEED = 1  # the numbers are of seed 0
EPISODES = {"Tetris": 24, "Breakout": 32}
QUICK = {("SkittlesEasy", "without_memory")}


def _cases():
    for env_id, level in returns.all_returns().items():
        for who, played in level._asdict().items():
            marks = () if (env_id, who) in QUICK else pytest.mark.long
            if played is not None:
                yield pytest.param(env_id, who, marks=marks, id=f"{env_id}-{who}")


@pytest.mark.parametrize(("env_id", "who"), list(_cases()))
def test_a_number_is_that_of_its_player(env_id, who):
    """Five standard deviations; a player without luck gets the very same."""
    played = returns.all_returns()[env_id]._asdict()[who]
    game = env_id.removesuffix("Easy").removesuffix("Medium").removesuffix("Hard")
    again = measuring.measure(env_id, who, SEED, EPISODES.get(game, 128))
    deviation = max(played.deviation, float(np.std(again)))
    error = deviation * (1 / played.episodes + 1 / len(again)) ** 0.5
    assert abs(float(np.mean(again)) - played.mean) <= 5 * error + 2e-4
