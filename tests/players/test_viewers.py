"""Players of the partial view know what it shows, and nothing else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core import registry
from tests.compiling import jit_plainly
from tests.games import kit
from tests.players import measuring, viewers
from tests.players.kit import watched

LANES, STEPS = 32, 16
FEW_LANES = {"Tetris": 4}  # a player that thinks hard
QUICK = "Skittles"

every_game = pytest.mark.parametrize(
    "name",
    [
        name if name == QUICK else pytest.param(name, marks=pytest.mark.long)
        for name in registry.games
    ],
)


def exchanged(states):
    """Batches in which one field comes from other states, or is moved a little."""
    order = np.random.default_rng(0).permutation(len(states.time))
    for name, leaf in jax.tree.map(np.asarray, vars(states)).items():
        yield name, kit.put(states, **{name: leaf[order]})
        if leaf.dtype == np.float32:
            yield name, kit.put(states, **{name: leaf + np.float32(3e-4)})


@every_game
@pytest.mark.parametrize("who", measuring.VIEWING)
def test_what_is_not_drawn_changes_nothing(name, who):
    """Neither the action nor what is remembered, where the pixels are the same."""
    env_id, viewer = f"{name}Easy", measuring.viewer_of(name, who)
    env, params = kit.make(env_id, partial=True)
    played = watched(env_id, viewer, FEW_LANES.get(name, LANES), STEPS)
    now = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), played)

    def act(state, memory, key):
        picture = viewers.look(env, state, params)
        return viewer.act(memory, picture, params, key)

    decide = jit_plainly(jax.vmap(act))
    frames = kit.frames(env_id, now.state, partial=True)
    wanted = jax.tree.leaves(decide(now.state, now.memory, now.key))
    hidden = set()
    for field, states in exchanged(now.state):
        alike = kit.frames(env_id, states, partial=True) == frames
        alike = alike.all(axis=(1, 2, 3))
        found = jax.tree.leaves(decide(states, now.memory, now.key))
        for one, other in zip(wanted, found, strict=True):
            assert np.array_equal(_words(one)[alike], _words(other)[alike]), field
        is_changed = getattr(states, field) != np.asarray(getattr(now.state, field))
        if (is_changed.reshape(len(alike), -1).any(axis=1) & alike).any():
            hidden.add(field)
    assert hidden


@every_game
def test_a_player_without_memory_has_no_memory(name):
    """And the other one has: what it is called is what it is."""
    params = kit.make(f"{name}Easy")[1]
    for who, is_empty in (("without_memory", True), ("with_memory", False)):
        memory = measuring.viewer_of(name, who).start(params)
        assert (jax.tree.leaves(memory) == []) == is_empty


def _words(leaf):
    is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if is_key else leaf)
