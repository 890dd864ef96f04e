"""Prints slopes of a GRU's scores along random directions, in float64, in two ways."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from arcade_gym.introspection import replay_outputs, signed_gradients
from arcade_gym.introspection.trajectory import Trajectory
from tests.arcade_gym.baselines import kit

FRAMES, AT, STEP = 6, 4, 1e-7


def main():
    single = kit.network("pqn", "gru")
    network = jax.tree.map(
        lambda leaf: leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf,
        single,
    )
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (FRAMES, 64, 64, 3)).astype(np.uint8)
    episode = Trajectory(
        env=kit.cue_env(),
        seed=0,
        states=None,
        obs=frames,
        action=rng.integers(0, 5, FRAMES - 1).astype(np.int32),
        reward=np.zeros(FRAMES - 1, np.float32),
        ended=None,
    )
    gradient = signed_gradients(network, episode, AT)
    slopes = []
    for _ in range(3):
        way = rng.standard_normal(frames.shape)
        way[AT + 1 :] = 0

        def total(sign, way=way):
            obs = frames + 255 * sign * STEP * way
            return float(replay_outputs(network, episode, obs).scores[AT].sum())

        by_map = float((gradient * way[: AT + 1]).sum())
        slopes.append((by_map, (total(1) - total(-1)) / (2 * STEP)))
    print(json.dumps(slopes))  # noqa: T201


if __name__ == "__main__":
    main()
