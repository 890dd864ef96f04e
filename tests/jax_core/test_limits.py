"""Constants of a level lie in their range, or are refused by name (issue 19)."""

import re
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core.contract import ContractError
from jax_core.game import Difficulty, Move, Visibility
from jax_core.limits import Limit
from jax_core.pytree import pytree
from jax_core.registry import levels
from jax_core.rendering.layout import Format
from jax_core.rendering.painting import paint_still
from tests.jax_core import dot

# Of each constant: the first value refused, the last taken, and the other way round.
BOUNDS = [
    ("AutoEncodeEasy", "decks", 0, 1, 3, 4),
    ("BattleShipEasy", "size", 4, 5, 12, 13),
    ("BreakoutEasy", "paddle_width", 0, 1, 10, 11),
    ("CartPoleEasy", "noise", -0.001, 0, 1000, 1000.1),
    ("NoisyCartPoleEasy", "noise", -1, 0, 1000, 1001),
    ("CountRecallEasy", "decks", 0, 1, 3, 4),
    ("CountRecallEasy", "num_suits", 0, 1, 4, 5),
    ("MineSweeperEasy", "size", 1, 2, 16, 17),  # with two mines
    ("MineSweeperEasy", "num_mines", 0, 1, 15, 16),  # on 4 x 4 cells
    ("NavigatorEasy", "size", 2, 3, 24, 25),
    ("SkittlesEasy", "lane_start", -1, 0, 2, 3),  # with eight columns
    ("SkittlesEasy", "lane_width", 0, 1, 9, 10),  # from column 1
    ("TetrisEasy", "preview", -1, 0, 4, 5),
    ("TetrisEasy", "fall", -1, 0, 2, 3),  # no faster than the soft drop
    ("TetrisEasy", "soft_drop", 0, 1, 19, 20),  # no slower than the fall
    ("TetrisEasy", "max_steps", 0, 1, 2**31 - 1, 2**31),
]
DRAWN_ALIKE = [("NoisyCartPoleEasy", "noise"), ("TetrisEasy", "max_steps")]
# The last values taken, one in each corner of what depends on each other.
CORNERS = [
    *(
        (env_id, {name: value})
        for env_id, name, _, *taken, _ in BOUNDS
        for value in taken
        if (env_id, name) not in DRAWN_ALIKE
    ),
    ("MineSweeperEasy", {"size": 2, "num_mines": 3}),
    ("MineSweeperEasy", {"size": 8, "num_mines": 17}),  # drawn in the other way
    ("MineSweeperEasy", {"size": 16, "num_mines": 255}),
    ("SkittlesEasy", {"lane_start": 0, "lane_width": 10}),
    ("SkittlesEasy", {"lane_start": 9, "lane_width": 1}),
    ("TetrisEasy", {"fall": 0, "soft_drop": 1}),
    ("TetrisEasy", {"fall": 19, "soft_drop": 19}),
]


def limits(level):
    return {name: limit[:2] for name, limit in level.limits().items()}


@pytest.mark.parametrize("env_id", levels)
def test_every_constant_has_a_range_in_which_the_level_lies(env_id):
    """`replace` of the dataclass leaves the level to the check."""
    spec, difficulty = levels[env_id]
    level = spec.levels[difficulty]
    assert set(limits(level)) == set(vars(level))
    for name, (least, largest) in limits(level).items():
        assert least <= getattr(level, name) <= largest
    assert level.least_obs_size == 64
    assert jax_core.make(env_id, **vars(level))[1] == level


@pytest.mark.parametrize(("env_id", "name", "low", "least", "largest", "high"), BOUNDS)
@pytest.mark.usefixtures("unchecked_annotations")
def test_the_last_value_is_taken_and_the_next_is_named(
    env_id, name, low, least, largest, high
):
    for value in (least, largest):
        level = jax_core.make(env_id, **{name: value})[1]
        assert getattr(level, name) == value
    for value in (low, high):
        with pytest.raises(ValueError, match=r"must be from .* to .* got") as error:
            jax_core.make(env_id, **{name: value})
        assert re.search(rf"\b{name}\b.*[= ]{value}\b", str(error.value))


@pytest.mark.parametrize(
    ("env_id", "constants", "message"),
    [
        (
            "BreakoutEasy",
            {"paddle_width": 0},
            "paddle_width must be from 1 to 10 (columns of the board), got 0",
        ),
        (
            "TetrisEasy",
            {"max_steps": 10**30},  # more than any integer of NumPy
            f"max_steps must be from 1 to 2147483647, got {10**30}",
        ),
        (
            "MineSweeperHard",
            {"size": 3},
            "num_mines must be from 1 to 8 (a cell at least is safe) with size=3, got "
            "10; change size or num_mines",
        ),
        (
            "MineSweeperEasy",
            {"size": 9, "obs_size": 64},
            "obs_size must be at least 72 for Params(max_steps=32, size=9, "
            "num_mines=2), whose cells would be too small to read, got 64; draw larger "
            "frames or take a smaller board",
        ),
        (
            "SkittlesEasy",
            {"lane_width": np.int64(10)},
            "lane_width must be from 1 to 9 (columns from the first one of the lane "
            "on) with lane_start=1, got 10; change lane_start or lane_width",
        ),
    ],
)
def test_messages_name_rule_value_and_way_out(env_id, constants, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        jax_core.make(env_id, **constants)


def test_constants_that_depend_on_each_other_change_together():
    env, level = jax_core.make("MineSweeperEasy", size=9, num_mines=40, obs_size=72)
    assert (level.size, level.num_mines, env.obs_size) == (9, 40, 72)
    level = jax_core.make("TetrisEasy", fall=5, soft_drop=6)[1]
    assert (level.fall, level.soft_drop) == (5, 6)


@pytest.mark.usefixtures("unchecked_annotations")
def test_a_replaced_static_field_is_checked_and_others_may_be_anything():
    """Traced numbers, arrays, and axes of `vmap` (0 and None) among them."""
    level = jax_core.make("NoisyCartPoleEasy")[1]
    assert level.replace(max_steps=None, noise=0).max_steps is None
    traced = jax.jit(lambda noise: level.replace(noise=noise))(jnp.float32(-1))
    assert traced.noise == -1
    board = jax_core.make("MineSweeperEasy")[1]
    assert board.replace(size=np.int32(3), num_mines=8).num_safe_cells == 1
    with pytest.raises(ValueError, match="num_mines must be from 1 to 15"):
        board.replace(num_mines=16)
    with pytest.raises(ValueError, match=r"size must be an integer, got 3\.5"):
        board.replace(size=3.5)
    assert replace(board, num_mines=16).num_mines == 16


@pytree
class Walk(dot.Params):
    def limits(self):
        return super().limits() | {"start": Limit(0, 3, "cells")}


def test_a_game_of_ones_own_has_ranges_too(ours):
    del ours
    spec = replace(dot.SPEC, name="Walk", levels={Difficulty.EASY: Walk(max_steps=5)})
    jax_core.register(spec)
    with pytest.raises(ValueError, match=r"start must be from 0 to 3 \(cells\), got 4"):
        jax_core.make("WalkEasy", start=4)
    beyond = {Difficulty.EASY: Walk(max_steps=5, start=-1)}
    with pytest.raises(ContractError, match=r"^Far \(easy\): start must be .* got -1"):
        jax_core.register(replace(spec, name="Far", levels=beyond))


@pytest.mark.slow  # makes the tables of many pictures
@pytest.mark.parametrize(("env_id", "constants"), CORNERS, ids=str)
def test_corners_can_be_drawn(env_id, constants):
    size = jax_core.make(env_id, **constants, obs_size=512)[1].least_obs_size
    env, _ = jax_core.make(env_id, **constants, obs_size=size)
    key = jax.random.key(0)
    obs, state = jax.eval_shape(env.reset, key)
    assert obs.shape == (size, size, 3)
    stepped = jax.eval_shape(env.step, key, state, 0)
    assert stepped[:2] == (obs, state)


@pytest.mark.long  # compiles forty programs
@pytest.mark.parametrize(("env_id", "constants"), CORNERS, ids=str)
def test_corners_are_played(env_id, constants):
    """Random play of eight episodes, seen in both views."""
    size = jax_core.make(env_id, **constants, obs_size=512)[1].least_obs_size
    views = [
        jax_core.make(env_id, **constants, obs_size=size, partial_obs=partial)[0]
        for partial in (False, True)
    ]

    def step(state, key):
        action_key, key = jax.random.split(key)
        action = jax.random.randint(action_key, (), 0, views[0].num_actions)
        played = views[0].transition(key, state, action)
        return played.state, (played, [view.get_obs(state) for view in views])

    def play(key):
        return jax.lax.scan(step, views[0].init(key), jax.random.split(key, 30))[1]

    keys = jax.random.split(jax.random.key(0), 8)
    played, frames = jax.tree.map(np.asarray, jax.jit(jax.vmap(play))(keys))
    done = played.terminated | played.truncated
    going = np.cumsum(done, axis=1) - done == 0
    returns = np.sum(np.where(going, played.reward, 0), axis=1)
    assert np.all((returns >= -1.00001) & (returns <= 1.00001))
    assert np.array_equal(played.state.time[:, 0], np.ones(8))
    for seen in frames:
        assert np.any(seen[:, 1:] != seen[:, :-1])


def test_without_a_preview_nothing_is_drawn_beside_the_board():
    """A panel without height would be a line."""
    env, level = jax_core.make("TetrisEasy", preview=0)
    state = jax.eval_shape(env.init, jax.random.key(0))
    assert state.next_pieces.shape == (0,)
    scenes = []  # of a trace, which has the stills as they are

    def scene(state):
        scenes.append(env.game.scene(state, level, Visibility.FULL))

    jax.eval_shape(scene, state)
    for band in scenes[0].bands:
        beside = paint_still(band.still, Format(64))[:, 44:]  # behind the right wall
        assert not beside.any()


def starts(count, env_id, **constants):
    """First states of many episodes, in NumPy."""
    env, level = jax_core.make(env_id, **constants)
    states = jax.jit(jax.vmap(env.init))(jax.random.split(jax.random.key(0), count))
    return jax.tree.map(np.asarray, states), level


@pytest.mark.slow
@pytest.mark.parametrize(("size", "num_mines"), [(2, 3), (8, 17), (16, 255)])
def test_many_mines_lie_in_as_many_cells_and_anywhere(size, num_mines):
    states, _ = starts(4000, "MineSweeperEasy", size=size, num_mines=num_mines)
    assert np.all(states.mines.sum((1, 2)) == num_mines)
    share = num_mines / size**2
    error = (share * (1 - share) / 4000) ** 0.5
    assert np.all(np.abs(states.mines.mean(0) - share) < 6 * error)


@pytest.mark.slow
def test_all_things_have_room_on_the_smallest_boards():
    ships = starts(2000, "BattleShipEasy", size=5)[0].ships
    assert np.all(ships.sum((1, 2)) == 12)
    boards = starts(500, "NavigatorEasy", size=3)[0]
    cells = boards.barriers.astype(int)
    lanes = np.arange(500)
    cells[lanes, boards.agent_y, boards.agent_x] += 1
    cells[lanes, boards.treasure_y, boards.treasure_x] += 1
    assert np.all(cells == 1)


def hovering(params):
    """Pieces that came to rest in random play, and those with nothing below them."""
    env, _ = jax_core.make("TetrisEasy")

    def step(state, key):
        drawn = jax.random.randint(key, (), 0, 2 * env.num_actions)
        action = jnp.where(drawn < env.num_actions, drawn, Move.DOWN)
        after = env.transition(key, state, action, params).state
        return after, (state.board > 0, after.board > 0, after.just_locked)

    def play(key):
        start = env.init(key, params)
        return jax.lax.scan(step, start, jax.random.split(key, 200))[1]

    played = jax.jit(jax.vmap(play))(jax.random.split(jax.random.key(0), 8))
    before, after, locked = (np.asarray(leaf) for leaf in played)
    piece = after & ~before
    locked = locked & (piece.sum((2, 3)) == 4)  # else rows vanished in the same step
    below = np.pad(
        after & ~piece, [(0, 0)] * 2 + [(0, 1), (0, 0)], constant_values=True
    )
    lies = (piece & below[:, :, 1:]).any((2, 3))
    return locked.sum(), (locked & ~lies).sum()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fall", "soft_drop", "hovers"),
    [(0, 1, False), (0, 19, False), (19, 19, False), (0, 0, True), (2, 1, True)],
)
def test_pieces_lock_in_the_air_just_outside_the_range(fall, soft_drop, hovers):
    level = jax_core.make("TetrisEasy")[1]
    num_locked, num_hovering = hovering(replace(level, fall=fall, soft_drop=soft_drop))
    assert num_locked > 5
    assert (num_hovering > 0) == hovers
