"""Lanes on several devices play what they play on one.

    python examples/multi_device.py                   # all devices of this machine
    XLA_FLAGS=--xla_force_host_platform_device_count=4 python examples/multi_device.py

The second line cuts a laptop's CPU into four devices. One process drives all devices
here. The other pattern is one process for each GPU, `torchrun --nproc-per-node=4 ...`,
with lanes of its own and nothing to wait for in its steps:

    from arcade_gym.sharding import process_seed

    envs = ArcadeVectorEnv(
        1024, game="Breakout", backend="torch", device=f"gpu:{os.environ['LOCAL_RANK']}"
    )
    obs, info = envs.reset(seed=process_seed(0, num_envs=1024))

`process_seed` reads RANK: process r plays the lanes from r * 1024 on of one environment
of all lanes, bit for bit. Learners share gradients as ever (DistributedDataParallel).
"""

import argparse
import signal

import jax
import numpy as np

from arcade_gym import ArcadeVectorEnv


def play(num_devices: int, num_envs: int, num_steps: int) -> list[jax.Array]:
    """Plays at random; gives the frames of the last step and all rewards."""
    envs = ArcadeVectorEnv(num_envs, game="Breakout", devices=num_devices)
    obs, _ = envs.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 5, (num_steps, num_envs))
    rewards = []
    for action in actions:
        obs, reward, *_ = envs.step(action)
        rewards.append(reward)
    return [obs, *rewards]


def main() -> None:
    """Plays twice, compares, and shows where the lanes were."""
    parser = argparse.ArgumentParser(description="Lanes on several devices.")
    parser.add_argument("--devices", type=int, default=jax.local_device_count())
    parser.add_argument("--lanes", type=int, default=16, help="on each device")
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    num_envs = options.devices * options.lanes
    spread = play(options.devices, num_envs, options.steps)
    for shard in spread[0].addressable_shards:
        lanes = shard.index[0].indices(num_envs)
        print(f"{shard.device}: lanes {lanes[0]} to {lanes[1] - 1}")
    alone = play(1, num_envs, options.steps)
    if not all(map(np.array_equal, spread, alone)):
        raise SystemExit("the trajectories differ, which they never should")
    print(f"{num_envs} lanes on {options.devices} devices play as on one")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback
    main()
