"""How fast Stable-Baselines3 learns on our frames: stock PPO beside DevicePPO.

Three rates of each, in environment steps per second: the environment alone with random
actions; rollouts (`collect_rollouts`: network, environment, buffer); and learning,
which adds the updates, one pass over each rollout.

    python benchmarks/sb3.py
    python benchmarks/sb3.py --json benchmarks/results/sb3_cpu.json
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

# PyTorch's threads would spin while they wait, on cores that JAX needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import configure
from timing import Rate, measure, write_json

from arcade_gym.sb3 import ArcadeSB3VecEnv, DevicePPO

PATHS = {"stock": (PPO, "numpy"), "device": (DevicePPO, "torch")}
KINDS = ("env", "rollout", "learn")


class Row(NamedTuple):
    """Steps per second of one path at one number of lanes."""

    path: str
    lanes: int
    env: Rate
    rollout: Rate
    learn: Rate | None


def main(arguments: list[str] | None = None) -> list[Row]:
    """Prints one line per path and number of lanes."""
    options = parse(arguments)
    print(f"{'lanes':>5} {'path':<7}" + "".join(f"{kind:>10}" for kind in KINDS))
    rows = []
    for lanes in options.lanes:
        for path in PATHS:
            row = rates(path, lanes, options)
            rows.append(row)
            cells = [
                f"{rate.median:>10,.0f}" if rate else f"{'-':>10}" for rate in row[2:]
            ]
            print(f"{lanes:>5} {path:<7}" + "".join(cells), flush=True)
    if options.json:
        settings = {k: v for k, v in vars(options).items() if k != "json"}
        write_json(
            options.json, {"settings": settings, "rows": [as_json(row) for row in rows]}
        )
    return rows


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the options."""
    parser = argparse.ArgumentParser(description="Stable-Baselines3, stock and device.")
    parser.add_argument("--env-id", default="CartPoleEasy")
    parser.add_argument("--lanes", type=int, nargs="+", default=[16, 64, 256, 1024])
    parser.add_argument("--obs-size", type=int, default=64)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--steps", type=int, default=16, help="of a rollout, per lane")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--learn-up-to", type=int, default=256, help="lanes")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def rates(path: str, lanes: int, options: argparse.Namespace) -> Row:
    """Measures one path."""
    learner, output = PATHS[path]
    envs = ArcadeSB3VecEnv(
        options.env_id,
        lanes,
        obs_size=options.obs_size,
        output=output,
        device="gpu" if options.device == "cuda" else "cpu",
    )
    model = learner(
        "CnnPolicy",
        envs,
        n_steps=options.steps,
        batch_size=options.batch_size,
        n_epochs=1,
        seed=0,
        device=options.device,
    )
    model.set_logger(configure(None, []))
    _, callback = model._setup_learn(0)

    def rollout() -> None:
        buffer = model.rollout_buffer
        model.collect_rollouts(model.get_env(), callback, buffer, options.steps)
        wait(options.device)

    def learn() -> None:
        rollout()
        model.train()
        wait(options.device)

    def rate(work: Callable[[], Any]) -> Rate:
        return measure(work, lanes * options.steps, options.repeats)

    return Row(
        path,
        lanes,
        rate(lambda: play(envs, options)),
        rate(rollout),
        rate(learn) if lanes <= options.learn_up_to else None,
    )


def play(envs: ArcadeSB3VecEnv, options: argparse.Namespace) -> None:
    """Steps with random actions of the path's kind."""
    generator = np.random.default_rng(0)
    for _ in range(options.steps):
        actions: Any = generator.integers(5, size=envs.num_envs)
        if envs.output == "torch":
            actions = torch.from_numpy(actions).to(envs.device)
        envs.step(actions)
    wait(options.device)


def wait(device: str) -> None:
    """Waits for the work that was started."""
    if device == "cuda":
        torch.cuda.synchronize()


def as_json(row: Row) -> dict[str, Any]:
    """What the record keeps of a row."""
    rates = {
        kind: rate._asdict()
        for kind, rate in zip(KINDS, row[2:], strict=True)
        if rate is not None
    }
    return {"path": row.path, "lanes": row.lanes} | rates


if __name__ == "__main__":
    main()
