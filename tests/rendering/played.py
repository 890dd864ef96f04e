"""States of long random play, for comparing pictures of them."""

import functools

import jax
import jax.numpy as jnp

import jax_core
from jax_core.environment import select
from tests.compiling import jit_plainly

LANES = 6
STEPS = 120


@functools.cache
def played(env_id):
    """A batch of states of different ages; the next episode follows an ended one."""
    env, params = jax_core.make(env_id)

    def episode(key, age):
        def step(state, inputs):
            time, step_key = inputs
            action_key, env_key, reset_key = jax.random.split(step_key, 3)
            action = jax.random.randint(action_key, (), 0, 5, jnp.int32)
            result = env.transition(env_key, state, action, params)
            after = select(result.done, env.init(reset_key, params), result.state)
            return select(time < age, after, state), None

        keys = jax.random.split(key, STEPS)
        start = env.init(keys[0], params)
        return jax.lax.scan(step, start, (jnp.arange(STEPS), keys))[0]

    ages = jnp.linspace(0, STEPS, LANES).astype(jnp.int32)
    play = jit_plainly(jax.vmap(episode))
    return play(jax.random.split(jax.random.key(0), LANES), ages)
