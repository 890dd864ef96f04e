"""What people who play are told at the end of an episode: won, or not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from tests.games.kit import make, state

ONE_BRICK = np.arange(60).reshape(6, 10) == 7


def cards(params):
    return {"score": params.num_cards}, {"score": params.num_cards - 1}


def safe_cells(params):
    return {"score": params.num_safe_cells}, {"score": params.num_safe_cells - 1}


# Fields of a last state that just wins, and of one that just does not.
LAST_STATES = {
    "AutoEncode": cards,
    "BattleShip": lambda _: ({"score": 12}, {"score": 11}),
    "Breakout": lambda _: ({"bricks": ONE_BRICK & False}, {"bricks": ONE_BRICK}),
    "CountRecall": cards,
    "MineSweeper": safe_cells,
    "Navigator": lambda _: ({"score": 1}, {"score": 0}),
    "Tetris": lambda _: ({"score": 10}, {"score": 9}),
}
LASTING = ("CartPole", "NoisyCartPole", "Skittles")  # up to the step limit is won


def is_won(env_id, *, terminated, **fields):
    env, params = make(env_id)
    last = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), state(env_id, **fields))
    return bool(env.game.is_won(last, params, jnp.bool_(terminated)))


@pytest.mark.parametrize("level", ["Easy", "Hard"])
@pytest.mark.parametrize("game", LAST_STATES)
def test_an_episode_is_won_by_reaching_the_goal_and_by_nothing_less(game, level):
    env_id = game + level
    wins, loses = LAST_STATES[game](make(env_id)[1])
    for terminated in (True, False):  # the time limit may fall on the same step
        assert is_won(env_id, terminated=terminated, **wins)
        assert not is_won(env_id, terminated=terminated, **loses)


@pytest.mark.quick
@pytest.mark.parametrize("game", LASTING)
def test_an_episode_is_won_by_lasting_to_the_step_limit(game):
    assert is_won(f"{game}Easy", terminated=False)
    assert not is_won(f"{game}Easy", terminated=True)


def test_every_game_says_when_it_is_won():
    games = {name.removesuffix("Easy") for name in jax_core.registered_envs[::3]}
    assert games == {*LAST_STATES, *LASTING}
