"""Runs the published package; started by `peers.py` in an environment of its own.

Prints one JSON line: frames per second of the batched step, every frame read by a
second program.
"""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import popgym_arcade  # type: ignore[import-not-found]  # in an environment of its own


@jax.jit
def read(frames):  # noqa: ANN001, ANN201  # runs without our package and its types
    """Reads every byte."""
    blocks = frames.reshape(frames.shape[0], -1, 64).astype(jnp.uint8)
    return jax.lax.reduce(blocks, np.uint8(0), jax.lax.bitwise_xor, (1,))


def main() -> None:
    """Measures one id: id, environments, steps in a repeat, repeats."""
    env_id = sys.argv[1]
    count, steps, repeats = map(int, sys.argv[2:5])
    env, params = popgym_arcade.make(env_id, partial_obs=False)
    keys = jax.random.split(jax.random.PRNGKey(0), count)
    actions = jax.random.randint(jax.random.PRNGKey(1), (steps, count), 0, 5)
    batches = [jax.random.split(jax.random.PRNGKey(t), count) for t in range(steps)]
    start = time.perf_counter()
    reset = jax.jit(jax.vmap(env.reset, in_axes=(0, None)))
    obs, state = reset(keys, params)
    step = jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None)))
    compiled = step.lower(keys, state, actions[0], params).compile()
    seconds = time.perf_counter() - start
    rates = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        for t in range(steps):
            obs, state, *_ = compiled(batches[t], state, actions[t], params)
            read(obs).block_until_ready()
        rates.append(count * steps / (time.perf_counter() - start))
    shape = [*map(int, obs.shape[1:])]
    print(json.dumps({"rates": rates[1:], "compile": seconds, "shape": shape}))


if __name__ == "__main__":
    main()
