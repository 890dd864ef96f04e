"""Run by test_devices.py with eight CPU devices: prints how far updates lie apart."""

import json

import equinox as eqx
import jax
import numpy as np

from arcade_gym.baselines import state
from arcade_gym.baselines.learners.ppo import PPO
from tests.arcade_gym.baselines import kit

SIZES = {"num_envs": 16, "num_steps": 4, "sequence_length": 2, "num_minibatches": 2}
LEARNER = PPO(**SIZES, epochs=1, gamma=0.9, reward_scale=1.0)


def first_update(devices):
    """Weights and metrics after the first iteration, and how the lanes lie."""
    LEARNER.check(devices)
    mesh = state.make_mesh(devices)
    network = kit.network("ppo", "gru")
    begun = state.start(LEARNER, kit.cue_env(), network, seed=3, mesh=mesh)
    after, metrics = state.run_chunk(
        LEARNER, kit.cue_env(), begun, iterations=1, total_rows=10_000, mesh=mesh
    )
    weights = jax.tree.leaves(eqx.filter(after.network, eqx.is_array))
    return (
        np.concatenate([np.ravel(leaf) for leaf in weights]),
        {name: float(value[0]) for name, value in metrics.items()},
        len(after.lanes.obs.sharding.device_set),
    )


def main():
    one, metrics, _ = first_update(1)
    start = jax.tree.leaves(eqx.filter(kit.network("ppo", "gru"), eqx.is_array))
    start = np.concatenate([np.ravel(leaf) for leaf in start])
    record = {"moved": float(np.abs(one - start).max())}
    for devices in (2, 8):
        weights, others, spread = first_update(devices)
        apart = {
            name: abs(value - others[name])
            for name, value in metrics.items()
            if np.isfinite(value)
        }
        record[str(devices)] = {
            "weights": float(np.abs(weights - one).max()),
            "metrics": max(apart.values()),
            "spread": spread,
        }
    print(json.dumps(record))  # noqa: T201  # what the test reads


if __name__ == "__main__":
    main()
