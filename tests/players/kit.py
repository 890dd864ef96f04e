"""What the tests of players share: what they read in a picture, and whole episodes."""

import functools

import jax
import numpy as np
import pytest

from tests.compiling import jit_plainly
from tests.games import kit
from tests.players import viewers

every_level = pytest.mark.parametrize(
    "level",
    ["Easy", *(pytest.param(i, marks=pytest.mark.long) for i in ("Medium", "Hard"))],
)


def read(env_id, played, reader):
    """What a reader makes of the pictures of episodes, and their states: [picture]."""
    env, params = kit.make(env_id)
    states = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), played.state)
    see = jit_plainly(jax.vmap(lambda state: reader(viewers.look(env, state, params))))
    return jax.tree.map(np.asarray, see(states)), states


@functools.cache
def watched(env_id, viewer, lanes=64, steps=None):
    """Episodes, whole or so many steps, [lane, step]; what is over stays as it is."""
    env, params = kit.make(env_id)
    length = params.max_steps + 1 if steps is None else steps

    def run(key):
        def step(now, _):
            return viewers.advance(env, params, viewer, now), now

        first = viewers.begin(env, params, viewer, key)
        return jax.lax.scan(step, first, length=length)[1]

    played = jit_plainly(jax.vmap(run))(jax.random.split(jax.random.key(3), lanes))
    arrays = jax.tree.map(np.asarray, played._replace(key=None))
    return arrays._replace(key=played.key)  # which NumPy cannot hold
