"""Loops that time a peer; they run in its environment, without our package.

Each prints one JSON line for each way of stepping, so that what was measured survives
a way that takes too long. Every byte of every frame is written, then read by a second
program. Random keys and actions are made before the clock starts.
"""

import importlib.metadata
import json
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Size(NamedTuple):
    """How much is measured."""

    lanes: int
    steps: int  # in a repeat
    repeats: int


@jax.jit
def read(frames: jax.Array) -> jax.Array:
    """Reads every byte: exclusive or over blocks of each frame."""
    word = jnp.dtype(f"uint{8 * frames.dtype.itemsize}")
    words = jax.lax.bitcast_convert_type(frames, word).reshape(len(frames), -1)
    blocks = words.reshape(len(frames), -1, math.gcd(64, words.shape[1]))
    zero = np.zeros((), word)
    return jax.lax.reduce(blocks, zero, jax.lax.bitwise_xor, (1,))


def measure_jax(
    reset: Callable[..., Any],
    step: Callable[..., Any],
    num_actions: int,
    size: Size,
    packages: list[str],
) -> None:
    """Measures a functional environment step by step, then by `lax.scan`.

    Args:
        reset: `key -> frame, state` of one lane.
        step: `key, state, action -> frame, state` of one lane, with autoreset.
        num_actions: of the game.
        size: how much to measure.
        packages: whose versions to report.
    """
    lanes, steps, _ = size
    keys = jax.random.split(jax.random.PRNGKey(0), (steps, lanes))
    actions = jax.random.randint(
        jax.random.PRNGKey(1), (steps, lanes), 0, num_actions, jnp.int32
    )
    start = time.perf_counter()
    frames, state = jax.block_until_ready(jax.jit(jax.vmap(reset))(keys[0]))
    record = {
        "reset": time.perf_counter() - start,
        "shape": [*map(int, frames.shape[1:])],
        "dtype": str(frames.dtype),
        "bytes": math.prod(frames.shape[1:]) * frames.dtype.itemsize,
        "versions": versions("jax", "jaxlib", "numpy", *packages),
    }
    for measure_way in (by_step, by_scan):
        report(record | measure_way(jax.vmap(step), state, (keys, actions), size), size)


def by_step(
    step: Callable[..., Any],
    state: Any,
    inputs: tuple[jax.Array, jax.Array],
    size: Size,
) -> dict[str, Any]:
    """One compiled step, called from a Python loop that reads every batch."""
    batches = list(zip(*inputs, strict=True))
    held = [state]
    compiled, seconds = compile_(step, batches[0][0], state, batches[0][1])

    def work() -> None:
        results = []
        for keys, actions in batches:
            frames, held[0] = compiled(keys, held[0], actions)
            results.append(read(frames))
        jax.block_until_ready(results)

    return {"way": "step", "compile": seconds, "rates": rates(work, size)}


def by_scan(
    step: Callable[..., Any],
    state: Any,
    inputs: tuple[jax.Array, jax.Array],
    size: Size,
) -> dict[str, Any]:
    """All steps in one compiled scan, which returns every frame; then all are read."""

    def advance(
        state: Any, batch: tuple[jax.Array, jax.Array]
    ) -> tuple[Any, jax.Array]:
        frames, state = step(batch[0], state, batch[1])
        return state, frames

    def scan(state: Any, inputs: Any) -> tuple[Any, jax.Array]:
        state, frames = jax.lax.scan(advance, state, inputs)
        return state, frames.reshape(-1, *frames.shape[2:])

    held = [state]
    compiled, seconds = compile_(scan, state, inputs)

    def work() -> None:
        held[0], frames = compiled(held[0], inputs)
        read(frames).block_until_ready()

    return {"way": "scan", "compile": seconds, "rates": rates(work, size)}


def measure_vector(envs: Any, size: Size, packages: list[str]) -> None:
    """Measures a Gymnasium-like vector environment that returns NumPy arrays."""
    frames, _ = envs.reset()
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 4, (size.steps, size.lanes), np.int32)

    def work() -> None:
        for batch in actions:
            frames = envs.step(batch)[0]
            np.bitwise_xor.reduce(frames.reshape(len(frames), -1).view(np.uint64), 1)

    record = {
        "way": "step",
        "rates": rates(work, size),
        "shape": [*frames.shape[1:]],
        "dtype": str(frames.dtype),
        "bytes": frames[0].nbytes,
        "versions": versions("numpy", *packages),
    }
    report(record, size)


def compile_(function: Callable[..., Any], *args: Any) -> tuple[Any, float]:
    """The jitted function, and the seconds of its first call."""
    start = time.perf_counter()
    jitted = jax.jit(function)
    jax.block_until_ready(jitted(*args))
    return jitted, time.perf_counter() - start


def rates(work: Callable[[], None], size: Size) -> list[float]:
    """Frames per second of each repeat, after one that warms up."""
    work()
    seconds = []
    for _ in range(size.repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return [size.lanes * size.steps / duration for duration in seconds]


def versions(*packages: str) -> dict[str, str]:
    """Versions of installed packages."""
    return {name: importlib.metadata.version(name) for name in packages}


def report(record: dict[str, Any], size: Size) -> None:
    """Prints one way as a JSON line."""
    print(json.dumps(record | size._asdict()), flush=True)
