"""Prints how far the first update on 2 and 8 devices is from that on one."""

import json
from dataclasses import replace

import jax
import numpy as np

from arcade_gym.baselines import state
from tests.arcade_gym.baselines import toy

ALGORITHM = replace(
    toy.SMALL,
    num_envs=16,
    replay_rows=16 * 16,
    learning_starts=16 * 8,
    updates_per_collect=1,
    target_period=0,
    tau=0.5,
)


def updated(devices):
    """Learner and replay after two iterations, the second of which learns."""
    ALGORITHM.check(devices)
    mesh = state.make_mesh(devices)
    now = toy.begun(ALGORITHM, "trace", mesh)
    now, metrics = toy.moved_on(ALGORITHM, now, 2, mesh=mesh)
    assert np.isnan(metrics["loss"][0])
    parts = (now.learner, now.store, {k: v[1] for k, v in metrics.items()})
    return [np.asarray(leaf) for leaf in jax.tree.leaves(parts)]


def main():
    first = jax.tree.leaves(ALGORITHM.start(toy.trace()))
    one = updated(1)
    moved = [np.abs(a - b).max() for a, b in zip(first, one, strict=False)]
    apart = {
        str(devices): max(
            float(np.abs(a.astype(float) - b.astype(float)).max())
            for a, b in zip(one, updated(devices), strict=True)
        )
        for devices in (2, 8)
    }
    print(json.dumps({"moved": float(min(moved[:2])), "apart": apart}))  # noqa: T201


if __name__ == "__main__":
    main()
