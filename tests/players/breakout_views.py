"""Breakout in the partial view: the ball is hidden while it falls.

Nothing is random after the first picture, which tells on which of two ways the ball
goes. So one look is enough for whoever remembers, and whoever does not can know the two
ways by heart: bricks and ball tell where on them the game is, while the ball rises,
which leaves more time than the paddle needs to the place of the landing.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_core.environment import select
from jax_core.game import Move
from jax_core.games import breakout
from jax_core.games.breakout import BRICK_ROWS, COLS, NUM_BRICKS, ROWS, Direction
from tests.players import breakout as player
from tests.players.viewers import Viewer, without_memory

GAME = breakout.Breakout()
CLEARED = 1718  # steps from either start to the last brick


class Seen(NamedTuple):
    """What a picture shows."""

    bricks: jax.Array  # [6, 10]
    paddle_x: jax.Array
    ball: jax.Array  # [row, col]; nowhere while it falls


class Memory(NamedTuple):
    """The game played on in mind."""

    state: breakout.State
    began: jax.Array  # a picture was seen


def look(scene):
    above, below = scene.bands
    first = ROWS - below.layers[0].ids.shape[0] - BRICK_ROWS
    return Seen(
        bricks=above.layers[0].ids[first : first + BRICK_ROWS] > 0,
        paddle_x=jnp.argmax(below.layers[1].ids[-1] > 0).astype(jnp.int32),
        ball=jnp.concatenate([above.layers[1].ids, below.layers[0].ids]) > 0,
    )


def start(params):
    anything = GAME.init(jax.random.key(0), params)
    return Memory(state=anything, began=jnp.bool_(False))


def remember(memory, scene, params, key):
    """Moves the ball on in mind, from where the first picture shows it."""
    seen = look(scene)
    state = select(memory.began, memory.state, _first_state(seen, memory.state))
    action = jnp.asarray(player.act(state, params), jnp.int32)
    after, _ = GAME.step(key, state, action, params)
    return Memory(after, jnp.bool_(True)), action


def _first_state(seen, anything):
    """The ball is beside a wall and flies towards it."""
    x, y = _place(seen.ball)
    direction = jnp.where(x == 0, Direction.UP_LEFT, Direction.UP_RIGHT)
    return anything.replace(
        ball_x=x, ball_y=y, ball_dir=direction.astype(jnp.int32), last_ball_x=x
    )


def _place(ball):
    """Column and row of the ball, (0, 0) where it is hidden."""
    index = jnp.argmax(ball.ravel()).astype(jnp.int32)
    return index % COLS, index // COLS


def know_by_heart(scene, params, key):
    """Goes to the next landing while the ball rises, and waits there."""
    del key  # nothing is left to chance
    seen = look(scene)
    bricks, landings = (jnp.asarray(table) for table in ways())
    broken = NUM_BRICKS - jnp.sum(seen.bricks, dtype=jnp.int32)
    is_way = jnp.all(bricks[:, broken] == seen.bricks[None], axis=(1, 2))
    x, y = _place(seen.ball)
    landing = jnp.max(jnp.where(is_way, landings[:, broken, y, x], jnp.int8(-1)))
    landing = landing.astype(jnp.int32)
    middle = seen.paddle_x + params.paddle_width // 2
    step = jnp.where(landing < middle, Move.LEFT, Move.RIGHT)
    return jnp.where((landing < 0) | (landing == middle), Move.UP, step)


@functools.cache
def ways():
    """What there is to know by heart, from the two games that are played well.

    Returns:
        bricks left, bool [way, bricks broken, row, col], and the column in which a ball
        that rises through a cell lands next, int8 [way, bricks broken, row, col]; -1
        where no ball rises, or one that lands here and one that lands there.
    """
    bricks = np.zeros((2, NUM_BRICKS + 1, BRICK_ROWS, COLS), np.bool_)
    landings = np.full((2, NUM_BRICKS + 1, ROWS, COLS), -1, np.int8)
    for way, states in enumerate(_games()):
        is_rising = states.ball_dir <= Direction.UP_RIGHT
        lands = ~is_rising & (states.ball_y == ROWS - 2)
        doubtful = np.zeros(landings.shape[1:], np.bool_)
        landing = -1
        for step in reversed(range(CLEARED)):
            score, x, y = states.score[step], states.ball_x[step], states.ball_y[step]
            bricks[way, score] = states.bricks[step]
            landing = x if lands[step] else landing
            if is_rising[step]:
                known = landings[way, score, y, x]
                doubtful[score, y, x] |= known not in (-1, landing)
                landings[way, score, y, x] = landing
        landings[way][doubtful] = -1
    return bricks, landings


def _games():
    """All states of the game from the left and from the right, as NumPy arrays."""
    params = breakout.Params()  # the ball's way is the same on every paddle

    def play(key):
        def step(state, _):
            action = jnp.asarray(player.act(state, params), jnp.int32)
            return GAME.step(key, state, action, params)[0], state

        first = GAME.init(key, params)
        return jax.lax.scan(step, first, length=CLEARED)[1]

    with jax.ensure_compile_time_eval():  # also where a viewer is being compiled
        played = jax.jit(jax.vmap(play))(jax.random.split(jax.random.key(0), 16))
        played = jax.tree.map(np.asarray, played)
    from_left = played.ball_x[:, 0] == 0
    lanes = np.argmax(from_left), np.argmax(~from_left)
    return [jax.tree.map(lambda leaf, k=lane: leaf[k], played) for lane in lanes]


REACTIVE = without_memory(know_by_heart)
REMEMBERING = Viewer(start=start, act=remember)
