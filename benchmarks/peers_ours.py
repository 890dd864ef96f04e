"""Our side of `peers.py`: compiled once, measured before and after a peer."""

import argparse
from collections.abc import Callable
from typing import Any

import fps
import jax
from timing import measure

FRAME_BYTES = 3 * 128**2
SCALE = 32  # our steps for each of the published package's, to time about as long


def prepare_ours(
    env_id: str, lanes: int, options: argparse.Namespace
) -> Callable[[], dict[str, Any]]:
    """Compiles our step and returns what measures it, each frame read."""
    steps = SCALE * options.steps
    settings = argparse.Namespace(num_envs=lanes, obs_size=128, channels=3, steps=steps)
    runner = fps.functional(env_id, options.partial, settings)

    def work() -> None:
        # Waiting for each step would time the waking of threads.
        jax.block_until_ready([fps.read(runner.step(index)) for index in range(steps)])

    def measure_once() -> dict[str, Any]:
        rate = measure(work, lanes * steps, options.repeats)
        seconds = runner.compile_seconds
        extra = {"compile": seconds, "lanes": lanes, "bytes": FRAME_BYTES}
        return rate._asdict() | extra

    return measure_once


def slower(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The slower of two measurements, which keeps the other's median."""
    low, high = sorted((first, second), key=lambda measured: measured["median"])
    return low | {"other_half": high["median"]}
