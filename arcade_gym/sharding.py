"""Where lanes live: one device, several devices of one process, several processes.

Several devices: `ArcadeVectorEnv(devices=...)` cuts the lanes into equal runs, one for
each device, and no device ever waits for another.

Several processes (one for each GPU, started by torchrun, or one for each host, joined
by `jax.distributed`): each makes an environment of its own lanes on its own devices and
resets it with `process_seed(seed, num_envs)`. Process r of R then plays lanes
r * num_envs up to (r + 1) * num_envs of one environment of R * num_envs lanes with that
seed, bit for bit. `jax.make_array_from_process_local_data` makes global arrays of what
the processes hold, where a learner wants them.
"""

import os

import jax

from arcade_gym.lanes.arguments import MAX_SEED


def process_seed(seed: int, num_envs: int, process: int | None = None) -> int:
    """Seed of this process's first lane, so that seeds are global.

    Args:
        seed: of the first lane of the first process.
        num_envs: number of lanes of every process.
        process: index of this process; None asks torchrun (the variable RANK) and then
            `jax.process_index()`.

    Returns:
        seed + process * num_envs, for `reset(seed=...)`.

    Raises:
        ValueError: a negative argument, or seeds beyond `arguments.MAX_SEED`.
    """
    if process is None:
        rank = os.environ.get("RANK")
        process = jax.process_index() if rank is None else int(rank)
    for name, value, least in (
        ("seed", seed, 0),
        ("num_envs", num_envs, 1),
        ("process", process, 0),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    first = seed + process * num_envs
    last = first + num_envs - 1
    if last > MAX_SEED:
        raise ValueError(
            f"seed must leave room for {num_envs} lanes of process {process}: the last "
            f"one would have the seed {last}, and the largest is {MAX_SEED}; use a "
            "smaller seed"
        )
    return first
