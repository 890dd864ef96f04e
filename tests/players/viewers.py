"""Players that see what an agent in the partial view sees, and nothing else.

A viewer gets one picture after another, the first one that of the reset, and answers
each with an action. A picture is the `Scene` from which the renderer makes the frame,
so that nothing has to be decoded twice; it is read only for what it draws (tiles in
cells, shapes, the score on the display), and `test_viewers.py` exchanges what is not.
What everybody may know by heart are the rules and the constants of the level.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jax_core.environment import select
from jax_core.game import Visibility

FORGETFUL = ()  # the memory of players that have none


class Viewer(NamedTuple):
    """A player without access to the state.

    Attributes:
        start: from the level, the memory before the first picture: any pytree. A
            player without memory has `FORGETFUL`, an empty one, so it can only see the
            present.
        act: from memory, picture, level and a key of its own, the memory after it and
            an action, int32. Pure, for one episode.
    """

    start: Callable[[Any], Any]
    act: Callable[[Any, Any, Any, jax.Array], tuple[Any, jax.Array]]


class Watched(NamedTuple):
    """An episode in progress, or over, and the player's memory of it."""

    state: Any
    memory: Any
    key: jax.Array
    total: jax.Array  # rewards so far
    done: jax.Array


def without_memory(act):
    """Makes a viewer of a function (scene, params, key) -> action."""

    def see(memory, scene, params, key):
        return memory, jnp.asarray(act(scene, params, key), jnp.int32)

    return Viewer(start=lambda params: FORGETFUL, act=see)


def look(env, state, params):
    """The picture of a state that a viewer gets."""
    return env.game.scene(state, params, Visibility.PARTIAL)


def begin(env, params, viewer, key):
    """An episode before the first action."""
    reset_key, key = jax.random.split(key)
    state = env.init(reset_key, params)
    return Watched(state, viewer.start(params), key, jnp.float32(0.0), jnp.bool_(False))


def advance(env, params, viewer, now):
    """One action of a viewer; an episode that is over stays as it is."""
    key, own_key, step_key = jax.random.split(now.key, 3)
    memory, action = viewer.act(
        now.memory, look(env, now.state, params), params, own_key
    )
    result = env.transition(step_key, now.state, action, params)
    after = Watched(
        result.state, memory, key, now.total + result.reward, now.done | result.done
    )
    return select(now.done, now._replace(key=key), after)


def play(env, params, viewer, key):
    """Return of one episode."""
    end = jax.lax.while_loop(
        lambda now: ~now.done,
        lambda now: advance(env, params, viewer, now),
        begin(env, params, viewer, key),
    )
    return end.total


def returns(env, params, viewer, seed, num_episodes, at_once=None):
    """Returns of many episodes, float32 [num_episodes].

    Args:
        env: in any view.
        params: of the level.
        viewer: who plays.
        seed: of all episodes.
        num_episodes: how many.
        at_once: episodes that are played side by side; None is all of them. A viewer
            that thinks hard in few of its steps is faster one by one.
    """
    keys = jax.random.split(jax.random.key(seed), num_episodes)
    batch_size = num_episodes if at_once is None else at_once
    if batch_size == 1:
        batch_size = None  # keeps conditions, where a batch of one takes both branches
    return jax.jit(
        lambda keys: jax.lax.map(
            lambda key: play(env, params, viewer, key), keys, batch_size=batch_size
        )
    )(keys)
