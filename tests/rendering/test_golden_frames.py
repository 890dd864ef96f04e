"""Pictures as they are meant to look; `pytest --update-golden` rewrites them.

The files are also the pictures of the documentation.
"""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import jax_core
from jax_core import registry
from jax_core.environment import select
from tests.compiling import jit_plainly
from tests.rules_change import golden_advice

FOLDER = Path(__file__).parent / "golden"
STEPS = 60
EPISODES = 64


def middle_of_an_episode(env, params):
    """The last state, before its end, of the best of many random episodes."""

    def step(carry, step_key):
        state, alive = carry
        action_key, env_key = jax.random.split(step_key)
        action = jax.random.randint(action_key, (), 0, 5, jnp.int32)
        result = env.transition(env_key, state, action, params)
        alive &= ~result.done
        return (select(alive, result.state, state), alive), None

    def episode(key):
        reset_key, steps_key = jax.random.split(key)
        start = (env.init(reset_key, params), jnp.bool_(True))
        return jax.lax.scan(step, start, jax.random.split(steps_key, STEPS))[0][0]

    states = jax.vmap(episode)(jax.random.split(jax.random.key(3), EPISODES))
    best = jnp.argmax(states.score * 1000 + states.time)
    return jax.tree.map(lambda leaf: leaf[best], states)


@functools.cache
def compiled(game):
    """What makes a state, and draws both views; levels share it where they can."""
    env_id = next(i for i in jax_core.registered_envs if game_of(i) == game)
    env, twin = (jax_core.make(env_id, partial_obs=view)[0] for view in (False, True))

    def views(state, params):
        return {
            "full": env.get_obs(state, params),
            "partial": twin.get_obs(state, params),
        }

    make_state = jit_plainly(lambda params: middle_of_an_episode(env, params))
    return make_state, jit_plainly(views)


def game_of(env_id):
    return registry.levels[env_id][0].name


@pytest.mark.quick
@pytest.mark.parametrize("env_id", jax_core.registered_envs)
def test_frames_look_as_recorded(env_id, request):
    make_state, draw = compiled(game_of(env_id))
    params = jax_core.make(env_id)[1]
    frames = draw(make_state(params), params)
    for view, frame in jax.tree.map(np.asarray, frames).items():
        path = FOLDER / f"{env_id}-{view}.png"
        if request.config.getoption("--update-golden"):
            FOLDER.mkdir(exist_ok=True)
            Image.fromarray(frame).save(path, optimize=True)
        with Image.open(path) as image:
            golden = np.asarray(image.convert("RGB"))
        changed = int((frame != golden).any(axis=-1).sum())
        assert changed == 0, golden_advice(env_id, path.name, changed)
