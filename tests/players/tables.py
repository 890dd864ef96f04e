"""Players without memory that are tables: picture by picture, how likely each move is.

Where the best move depends on what the player does in the pictures before, no rule is
easily said, but a table can be improved until it stays as it is. The policy gradient is
that of tables (Kakade 2001): every move becomes likelier by what it returned more than
other moves in the same picture.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jax_core import registry
from jax_core.game import Move, Visibility
from tests.compiling import jit_fully
from tests.players.viewers import without_memory

RATE = 10.0  # by which returns, which are about 1, change logits
DOUBT = 10.0  # a move that was made as often is believed by half
LIKELIEST = 8.0  # by so much logits differ at most: no move dies out


class Task(NamedTuple):
    """What a table is learned for.

    Attributes:
        game: its name.
        count: from the level, how many pictures are told apart.
        number: from picture and level, which one it is.
        moves: those that are made at all.
        updates: of the table; more of them change little.
    """

    game: str
    count: Callable[[Any], int]
    number: Callable[[Any, Any], jax.Array]
    moves: tuple[Move, ...] = tuple(Move)
    updates: int = 400


def player(task):
    """The viewer that plays by the table of a task."""

    def act(scene, params, key):
        table = jnp.asarray(learned(task, _level(task, params)))
        return jax.random.categorical(key, table[task.number(scene, params)])

    return without_memory(act)


def _level(task, params):
    """The level by its sizes, since the step limit may be traced."""
    levels = registry.games[task.game].levels
    sizes = jax.tree.structure(params)
    return next(
        name for name, one in levels.items() if jax.tree.structure(one) == sizes
    )


@functools.cache
def learned(task, level, lanes=2048, seed=0):
    """Logits, float32 [picture, move]; takes a minute or a few."""
    params = registry.games[task.game].levels[level]
    with jax.ensure_compile_time_eval():  # also where a viewer is being compiled
        is_made = np.isin(np.arange(len(Move)), task.moves)
        shape = (task.count(params), len(Move))
        logits = jnp.broadcast_to(jnp.where(is_made, jnp.float32(0.0), -jnp.inf), shape)
        values = jnp.zeros(shape[0])
        update = jit_fully(functools.partial(_update, task, params, lanes))
        for key in jax.random.split(jax.random.key(seed), task.updates):
            logits, values = update(logits, values, key)
        return np.asarray(logits)


def _update(task, params, lanes, logits, values, key):
    """Plays, and makes moves likelier that returned more than their pictures do."""
    cumulative = jnp.cumsum(jax.nn.softmax(logits), axis=1)
    episode = functools.partial(_episode, task, params, cumulative)
    number, move, reward, alive = jax.vmap(episode)(jax.random.split(key, lanes))
    to_go = jnp.cumsum(reward[:, ::-1], axis=1)[:, ::-1]
    gain = jnp.where(alive, to_go - values[number], 0.0)
    nothing = jnp.zeros(logits.shape)
    gains = nothing.at[number, move].add(gain)
    counts = nothing.at[number, move].add(alive.astype(jnp.float32))
    values += jnp.sum(gains, axis=1) / (jnp.sum(counts, axis=1) + 3)
    change = gains / (counts + DOUBT)
    mean = jnp.sum(jax.nn.softmax(logits) * change, axis=1, keepdims=True)
    met = jnp.sum(counts, axis=1, keepdims=True) > 0
    logits += RATE * jnp.where(met, change - mean, 0.0)
    logits -= jnp.max(logits, axis=1, keepdims=True)
    floor = jnp.where(jnp.isfinite(logits), -LIKELIEST, -jnp.inf)
    return jnp.maximum(logits, floor), values


def _episode(task, params, cumulative, key):
    """Pictures, moves, rewards and whether they were played, [max_steps] each.

    One draw for all steps and sums of chances are far cheaper than a draw at each step.
    """
    game = registry.games[task.game].game
    init_key, moves_key, steps_key = jax.random.split(key, 3)

    def step(carry, uniform):
        state, alive = carry
        number = task.number(game.scene(state, params, Visibility.PARTIAL), params)
        passed = uniform >= cumulative[number, :-1]
        move = jnp.sum(passed, dtype=jnp.int32)
        step_key = jax.random.fold_in(steps_key, state.time)
        after, outcome = game.step(step_key, state, move, params)
        after = after.replace(time=state.time + 1)
        reward = jnp.where(alive, outcome.reward, 0.0)
        return (after, alive & ~outcome.terminated), (number, move, reward, alive)

    start = game.init(init_key, params), jnp.bool_(True)
    uniforms = jax.random.uniform(moves_key, (params.max_steps,))
    return jax.lax.scan(step, start, uniforms)[1]
