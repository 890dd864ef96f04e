"""Run by test_sharding.py in two processes: each plays its half of the lanes."""

import json
import sys

import jax
import numpy as np
from jax.experimental import multihost_utils

from arcade_gym import ArcadeVectorEnv
from arcade_gym.sharding import process_seed

LANES, STEPS = 2, 6
ACTIONS = np.random.default_rng(0).integers(0, 5, (STEPS, 2 * LANES), np.int32)


def play(envs, actions, seed):
    obs, _ = envs.reset(seed=seed)
    frames = [np.asarray(obs)]
    frames += [np.asarray(envs.step(action)[0]) for action in actions]
    return np.stack(frames, axis=1)


def check(process):
    options = {"game": "Skittles", "obs_size": 64, "max_episode_steps": 4}
    mine = slice(process * LANES, (process + 1) * LANES)
    envs = ArcadeVectorEnv(LANES, **options)
    frames = play(envs, ACTIONS[:, mine], process_seed(5, LANES))
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("lanes",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("lanes"))
    whole = jax.make_array_from_process_local_data(sharding, frames)
    gathered = multihost_utils.process_allgather(whole, tiled=True)
    wanted = play(ArcadeVectorEnv(2 * LANES, **options), ACTIONS, 5)
    return {
        "global shape": list(whole.shape),
        "processes": jax.process_count(),
        "seeds": envs.np_random_seed,
        "equal": bool(np.array_equal(gathered, wanted)),
    }


if __name__ == "__main__":
    address, rank = sys.argv[1], int(sys.argv[2])
    jax.distributed.initialize(address, num_processes=2, process_id=rank)
    print(json.dumps(check(rank)))  # noqa: T201  # what the test reads
