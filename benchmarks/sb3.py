"""How fast Stable-Baselines3 learns on our frames: stock PPO beside DevicePPO.

Three rates of each, in environment steps per second: the environment alone with random
actions; rollouts (`collect_rollouts`: network, environment, buffer); and learning,
which adds the updates, one pass over each rollout.

    python benchmarks/sb3.py
    python benchmarks/sb3.py --json benchmarks/results/sb3_cpu.json
"""

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

# PyTorch's threads would spin while they wait, on cores that JAX needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import ConvertCallback
from stable_baselines3.common.logger import configure
from timing import Rate, write_json

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
    """Prints one line per number of lanes and path."""
    options = parse(arguments)
    print(f"{'lanes':>5} {'path':<7}" + "".join(f"{kind:>10}" for kind in KINDS))
    rows = []
    for lanes in options.lanes:
        for row in compare(lanes, options):
            rows.append(row)
            medians = [f"{rate.median:,.0f}" if rate else "-" for rate in row[2:]]
            cells = "".join(f"{median:>10}" for median in medians)
            print(f"{lanes:>5} {row.path:<7}{cells}", flush=True)
    if options.json:
        settings = {k: v for k, v in vars(options).items() if k != "json"}
        record = {"settings": settings, "rows": [as_json(row) for row in rows]}
        write_json(options.json, record)
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
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def compare(lanes: int, options: argparse.Namespace) -> list[Row]:
    """Measures both paths, in turns, since the speed of machines changes."""
    models = [make(path, lanes, options) for path in PATHS]
    items = lanes * options.steps

    def rates(work: Callable[[PPO], None]) -> list[Rate]:
        return in_turns([partial(work, model) for model in models], items, options)

    env, rollout = rates(partial(play, steps=options.steps)), rates(collect)
    learns = rates(learn) if lanes <= options.learn_up_to else [None] * len(PATHS)
    table = zip(PATHS, env, rollout, learns, strict=True)
    return [Row(path, lanes, *cells) for path, *cells in table]  # type: ignore[arg-type]  # a list forgets their order


def in_turns(
    works: list[Callable[[], None]], items: int, options: argparse.Namespace
) -> list[Rate]:
    """Rates of several pieces of work, which handle `items` items each."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(1 + options.repeats):
        for work, rates in zip(works, found, strict=True):
            start = time.perf_counter()
            work()
            if options.device == "cuda":
                torch.cuda.synchronize()
            rates.append(items / (time.perf_counter() - start))
    # The first ones warmed up.
    return [Rate(median(r[1:]), min(r[1:]), max(r[1:])) for r in found]


def make(path: str, lanes: int, options: argparse.Namespace) -> PPO:
    """Makes a learner with its environments, which have drawn any number of ends."""
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
    model._setup_learn(0)
    finished = envs.lanes.step(np.zeros(lanes, np.int32))[4]["finished"]
    for bits in range((lanes - 1).bit_length() + 1):
        envs.lanes.draw_final(finished, np.arange(lanes) < 1 << bits)
    return model


def play(model: PPO, steps: int) -> None:
    """Steps with random actions of the path's kind."""
    envs: Any = model.get_env()
    generator = np.random.default_rng(0)
    for _ in range(steps):
        actions: Any = generator.integers(5, size=envs.num_envs)
        if envs.output == "torch":
            actions = torch.from_numpy(actions).to(envs.device)
        envs.step(actions)


def collect(model: PPO) -> None:
    """Collects a rollout."""
    envs: Any = model.get_env()
    callback = ConvertCallback(None)
    callback.init_callback(model)
    model.collect_rollouts(envs, callback, model.rollout_buffer, model.n_steps)


def learn(model: PPO) -> None:
    """Collects a rollout and learns from it."""
    collect(model)
    model.train()


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
