"""What the vector environment adds to the compiled step, and what making it costs.

Per backend and number of lanes: the median time of `step`, and of the same compiled
function called alone with its frames waited for. The two take turns, so that a busy
machine disturbs both. Then, at 4096 lanes: seconds and host memory of construction, and
steps with and without the reuse of frame memory.

    python benchmarks/adapter.py --json benchmarks/results/adapter_cpu.json
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from timing import measure, wait, write_json

from arcade_gym import ArcadeVectorEnv

GAME = "Breakout"
MANY = 4096


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Measures and prints three tables."""
    options = parse(arguments)
    making = construction(options.many)
    print(
        f"Making {options.many} lanes at 128 px: {making['seconds']:.3f} s and "
        f"{making['megabytes']:.0f} MB of host memory, without compilation"
    )
    print(f"\n{'backend':<8} {'lanes':>6} {'step':>8} {'kernel':>8} {'added':>8}  (us)")
    added = []
    for backend in ("jax", "torch", "numpy"):
        for lanes in options.lanes:
            added.append(overhead(backend, lanes, options.steps))
            print(
                "{backend:<8} {lanes:>6} {step:>8.1f} {kernel:>8.1f} {added:>8.1f}"
                "".format(**added[-1]),
                flush=True,
            )
    print(f"\n{'frames':<22} {'lanes':>6} {'frames/s':>10}")
    memory = [reuse(name, options) for name in ("reused", "fresh")]
    record = {"construction": making, "added": added, "memory": memory}
    if options.json:
        write_json(options.json, record)
    return record


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Cost of the vector environment.")
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    return parser.parse_args(arguments)


def construction(num_envs: int) -> dict[str, float]:
    """Seconds and peak host memory of the constructor, after JAX has started."""
    jax.devices()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    ArcadeVectorEnv(num_envs, game=GAME)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "num_envs": num_envs,
        "seconds": seconds,
        "megabytes": (after - before) / 1e3,
    }


def overhead(backend: str, lanes: int, steps: int) -> dict[str, Any]:
    """Median microseconds of a step, of its compiled function, and their difference."""
    envs = ArcadeVectorEnv(lanes, game=GAME, backend=backend)
    envs.reset(seed=0)
    actions = _actions(envs, lanes)
    kernel = alone(envs, lanes)
    for _ in range(50):
        kernel()
        wait(envs.step(actions)[0])
    times: dict[str, list[float]] = {"step": [], "kernel": []}
    for _ in range(steps):
        times["kernel"].append(_seconds(kernel))
        times["step"].append(_seconds(lambda: wait(envs.step(actions)[0])))
    medians = {name: 1e6 * statistics.median(values) for name, values in times.items()}
    added = medians["step"] - medians["kernel"]
    return {"backend": backend, "lanes": lanes, **medians, "added": added}


def alone(envs: ArcadeVectorEnv, lanes: int) -> Callable[[], None]:
    """The compiled step of an environment, without the environment."""
    actions = jax.device_put(np.zeros(lanes, np.int32), envs.device)
    frames = jnp.zeros(envs.observation_space.shape, jnp.uint8)
    held = [envs._kernel.empty(lanes), frames if envs.backend != "jax" else None]

    def step() -> None:
        held[0], results = envs._kernel.step(held[1], held[0], actions)
        results.obs.block_until_ready()
        held[1] = results.obs if envs.backend != "jax" else None

    return step


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _actions(envs: ArcadeVectorEnv, lanes: int) -> Any:
    """Zeros where a policy leaves its actions."""
    if envs.backend == "torch":
        import torch  # noqa: PLC0415  # only this backend needs it

        # int64, which policies sample
        is_cuda = envs.device.platform == "gpu"
        return torch.zeros(lanes, dtype=torch.int64, device="cuda" if is_cuda else None)
    zeros = np.zeros(lanes, np.int32)
    return jax.device_put(zeros, envs.device) if envs.backend == "jax" else zeros


def reuse(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Steps of many lanes, whose frames are let go at once or all held for a while."""
    envs = ArcadeVectorEnv(options.many, game=GAME, backend="numpy")
    envs.reset(seed=0)
    actions = np.zeros(options.many, np.int32)
    held = []

    def work() -> None:
        held.clear()
        for _ in range(4):
            obs = envs.step(actions)[0]
            if name == "fresh":
                held.append(obs)

    rate = measure(work, 4 * options.many, options.repeats)
    print(f"{name:<22} {options.many:>6} {rate.median:>10,.0f}", flush=True)
    return {"frames": name, "num_envs": options.many, "rate": rate._asdict()}


if __name__ == "__main__":
    main()
