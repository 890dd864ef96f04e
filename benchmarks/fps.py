"""Frames per second of every game, each frame written and read.

A frame counts when all of its bytes were written to memory by the step and read by a
second program. A checksum inside the step would not do: the compiler fuses it with the
drawing, and a frame that nobody else needs is never written.

    python benchmarks/fps.py
    python benchmarks/fps.py Breakout BattleShip --num-envs 4096 --partial
    python benchmarks/fps.py --backend torch --json benchmarks/results/fps_torch.json
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from timing import Rate, measure_in_turn, wait, write_json

import arcade_gym  # registers the ids
import jax_core
from jax_core import registry

BACKENDS = ("functional", "jax", "torch", "numpy")


class Runner(NamedTuple):
    """One game, ready to be measured; the first three take the index of a step."""

    fill: Callable[[int], Any]
    draw: Callable[[int], Any]
    step: Callable[[int], Any]
    consume: Callable[[Any], Any]  # reads frames, gives what they add up to
    compile_seconds: float


class Row(NamedTuple):
    """Measurements of one game and view; rates in frames per second."""

    game: str
    view: str
    compile_seconds: float
    fill: Rate  # the limit: the same memory, in turn with the steps
    draw: Rate  # drawing alone
    draw_read: Rate
    step: Rate  # keys, rules, autoreset and drawing
    step_read: Rate


def main(arguments: list[str] | None = None) -> list[Row]:
    """Measures the games that the command line names and prints a table."""
    options = parse(arguments)
    frame_bytes = options.channels * options.obs_size**2
    print(
        f"{options.num_envs} environments, {options.obs_size} px, "
        f"{'gray' if options.channels == 1 else 'RGB'}, {options.backend}, "
        f"{jax.devices()[0].platform}; frames/s; shares are of filling the same memory"
    )
    print(
        f"{'game':<19} {'view':<8} {'draw':>9} {'+read':>9} {'step':>9} {'+read':>9} "
        f"{'spread':>6} {'GB/s':>5} {'fill':>9} {'of fill':>7} {'compile':>7}"
    )
    views = [True] if options.partial else [False] if options.full else [False, True]
    rows = []
    for game in options.games or sorted(
        registry.levels if options.all_levels else registry.games
    ):
        for partial_obs in views:
            rows.append(measure_game(game, partial_obs, options))
            print_row(rows[-1], frame_bytes)
    print_lowest(rows)
    if options.json:
        write_json(options.json, as_record(rows, options))
    return rows


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="Frames per second, each frame written and read."
    )
    parser.add_argument("games", nargs="*", help="games or ids; all games if none")
    parser.add_argument("--all-levels", action="store_true", help="not easy alone")
    parser.add_argument("--num-envs", type=int, default=512)
    parser.add_argument("--steps", type=int, default=20, help="steps in a repeat")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--obs-size", type=int, default=128)
    parser.add_argument(
        "--channels", type=int, choices=(1, 3), default=3, help="gray or RGB"
    )
    views = parser.add_mutually_exclusive_group()
    views.add_argument("--full", action="store_true", help="full view only")
    views.add_argument("--partial", action="store_true", help="partial view only")
    parser.add_argument("--backend", choices=BACKENDS, default="functional")
    add_queued(parser)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    if options.channels != 3 and options.backend != "functional":
        parser.error("--channels 1 needs --backend functional")
    for game in options.games:
        if game not in registry.games and game not in registry.levels:
            parser.error(registry.unknown("game", game, tuple(registry.games)))
    return options


def add_queued(parser: argparse.ArgumentParser) -> None:
    """Adds the option that says when `measure_loops` waits."""
    parser.add_argument(
        "--queued",
        action="store_true",
        help="wait at the end of a repeat alone, as learners on the device do",
    )


@jax.jit
def read(frames: jax.Array) -> jax.Array:
    """Reads every byte: exclusive or over each frame, uint8 [num_envs, 64].

    Frames that are no multiple of 64 bytes are read in blocks of another width. A GPU
    reads words of 4 bytes, uint32 [num_envs], as bytes take it five times as long.
    """
    num_bytes = frames[0].size
    if jax.default_backend() == "gpu" and num_bytes % 4 == 0:
        grouped = frames.reshape(frames.shape[0], -1, 4)
        words = jax.lax.bitcast_convert_type(grouped, jnp.uint32)
        return jax.lax.reduce(words, np.uint32(0), jax.lax.bitwise_xor, (1,))
    width = next(width for width in (64, 112, 16, 4, 1) if num_bytes % width == 0)
    blocks = frames.reshape(frames.shape[0], -1, width)
    return jax.lax.reduce(blocks, np.uint8(0), jax.lax.bitwise_xor, (1,))


@partial(jax.jit, donate_argnums=0, keep_unused=True)
def refill(frames: jax.Array, value: jax.Array) -> jax.Array:
    """Writes one value into every byte of the memory that it is given.

    A GPU writes words of 4 bytes, as bytes take it four times as long.
    """
    if jax.default_backend() == "gpu" and frames.size % 4 == 0:
        word = value.astype(jnp.uint32) * np.uint32(0x01010101)
        words = jnp.full(frames.size // 4, word, jnp.uint32)
        return jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(frames.shape)
    return jnp.full_like(frames, value)


def blank_frames(options: argparse.Namespace) -> jax.Array:
    """Memory for a batch of frames."""
    shape = (options.num_envs, options.obs_size, options.obs_size, options.channels)
    return jnp.zeros(shape, jnp.uint8)


def filler(held: list[Any]) -> Callable[[int], jax.Array]:
    """The memory limit: the bytes of the first entry written with no work at all.

    The memory is reused, so that the cost of fresh pages is not taken for a limit. The
    value is never zero: some processors store zeros two to four times as fast as any
    other bytes, and frames are not zeros.
    """
    values = [jnp.uint8(value) for value in (1, 2, 3)]  # there already: a GPU is far

    def fill(index: int) -> jax.Array:
        held[0] = refill(held[0], values[index % len(values)])
        return held[0]

    return fill


def measure_game(game: str, partial_obs: bool, options: argparse.Namespace) -> Row:
    """Measures one game in one view."""
    prepare = functional if options.backend == "functional" else vector
    runner = prepare(game, partial_obs, options)
    works = {
        "fill": (runner.fill, unread),
        "draw": (runner.draw, unread),
        "draw_read": (runner.draw, runner.consume),
        "step": (runner.step, unread),
        "step_read": (runner.step, runner.consume),
    }
    view = "partial" if partial_obs else "full"
    rates = measure_loops(list(works.values()), options)
    named = dict(zip(works, rates, strict=True))
    return Row(game, view, runner.compile_seconds, **named)


def measure_loops(
    works: Sequence[tuple[Callable[[int], Any], Callable[[Any], Any]]],
    options: argparse.Namespace,
) -> list[Rate]:
    """Frames per second of loops of steps: what makes a batch, and what uses it."""

    def loop(make: Callable[[int], Any], use: Callable[[Any], Any]) -> None:
        for index in range(options.steps):
            last = index == options.steps - 1
            used = use(make(index))
            if last or not options.queued:
                wait(used)

    loops = [partial(loop, *work) for work in works]
    return measure_in_turn(loops, options.num_envs * options.steps, options.repeats)


def functional(game: str, partial_obs: bool, options: argparse.Namespace) -> Runner:
    """The functional interface: one jitted `step` of a batch."""
    env_id = game if game in registry.levels else f"{game}Easy"
    env, _ = jax_core.make(
        env_id,
        partial_obs=partial_obs,
        obs_size=options.obs_size,
        channels=options.channels,
    )
    count = options.num_envs
    keys = jax.random.split(jax.random.key(0), count)
    _, state = jax.jit(jax.vmap(env.reset))(keys)
    key_batches = [
        jax.random.split(jax.random.key(1 + index), count)
        for index in range(options.steps)
    ]
    # A list, for taking a row of an array is a dispatch of its own.
    actions = list(jax.random.randint(jax.random.key(0), (options.steps, count), 0, 5))
    held = [blank_frames(options), state]
    # The jitted function and not its compiled program, whose calls take Python longer.
    step = _into_buffer(jax.vmap(env.step), 2)

    def advance(index: int) -> jax.Array:
        batch = key_batches[index], held[1], actions[index]
        held[0], held[1], *_ = step(held[0], *batch)
        return held[0]

    start = time.perf_counter()
    advance(0).block_until_ready()
    seconds = time.perf_counter() - start
    draw_into = _into_buffer(jax.vmap(env.get_obs))

    def draw(index: int) -> jax.Array:
        del index  # every call draws the present state
        held[0] = draw_into(held[0], held[1])
        return held[0]

    return Runner(filler(held), draw, advance, read, seconds)


def unread(frames: Any) -> Any:
    """Leaves frames as they are."""
    return frames


def _into_buffer(work: Callable[..., Any], *donated: int) -> Any:
    """Jits a function whose frames take the place of those that were read before.

    A loop that keeps its frames for itself would do the same; see the notes on memory
    in README.md.
    """

    def run(buffer: jax.Array, *args: Any) -> Any:
        del buffer  # lends its memory only
        return work(*args)

    return jax.jit(
        run,
        donate_argnums=(0, *donated),
        keep_unused=True,
        compiler_options=jax_core.compiler_options(),
    )


def measure_step(game: str, options: argparse.Namespace) -> list[Rate]:
    """Whole steps of one game, in the full view, and filling the same memory."""
    runner = functional(game, False, options)
    return measure_loops([(runner.step, unread), (runner.fill, unread)], options)


def vector(game: str, partial_obs: bool, options: argparse.Namespace) -> Runner:
    """The Gymnasium vector environment with one of its backends."""
    envs = arcade_gym.ArcadeVectorEnv(
        options.num_envs,
        game=game,
        partial_obs=partial_obs,
        obs_size=options.obs_size,
        backend=options.backend,
    )
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 5, (options.steps, options.num_envs), np.int32)
    batches = [_to_backend(batch, options.backend, envs.device) for batch in actions]
    start = time.perf_counter()
    envs.reset(seed=0)
    wait(envs.step(batches[0])[0])
    seconds = time.perf_counter() - start

    def advance(index: int) -> Any:
        return envs.step(batches[index])[0]

    def draw(index: int) -> Any:
        del index  # every call draws the present state
        return envs.draw()

    fill = filler([blank_frames(options)])
    return Runner(fill, draw, advance, _consumer(options.backend), seconds)


def _to_backend(actions: np.ndarray, backend: str, device: Any) -> Any:
    if backend == "jax":
        return jax.device_put(actions, device)
    if backend == "torch":
        return arcade_gym.interop.to_torch(jax.device_put(actions, device))
    return actions


def _consumer(backend: str) -> Callable[[Any], Any]:
    """Reads every byte with the library that receives the frames."""
    if backend == "jax":
        return read
    if backend == "numpy":
        return lambda obs: np.bitwise_xor.reduce(_words(obs), axis=1)
    import torch  # noqa: PLC0415  # only this backend needs it

    return lambda obs: obs.reshape(len(obs), -1).view(torch.int64).sum(dim=1)


def _words(obs: np.ndarray) -> np.ndarray:
    return obs.reshape(len(obs), -1).view(np.uint64)


def print_row(row: Row, frame_bytes: int) -> None:
    """Prints one line of the table."""
    print(
        f"{row.game:<19} {row.view:<8} {row.draw.median:>9,.0f} "
        f"{row.draw_read.median:>9,.0f} {row.step.median:>9,.0f} "
        f"{row.step_read.median:>9,.0f} {row.step_read.spread:>5.2f}x "
        f"{row.step_read.median * frame_bytes / 1e9:>5.1f} "
        f"{row.fill.median:>9,.0f} {share(row):>7.0%} "
        f"{row.compile_seconds:>6.1f}s",
        flush=True,
    )


def print_lowest(rows: list[Row]) -> None:
    """Prints which row comes least near to the limit."""
    row = min(rows, key=share)
    print(f"lowest share of the fill: {share(row):.0%}, {row.game}, {row.view} view")


def share(row: Row) -> float:
    """Whole steps beside filling the same memory."""
    return row.step.median / row.fill.median


def as_record(rows: list[Row], options: argparse.Namespace) -> dict[str, Any]:
    """The result as plain data."""
    settings = {k: v for k, v in vars(options).items() if k not in ("json", "games")}
    measured = [
        {
            name: value._asdict() if isinstance(value, Rate) else value
            for name, value in row._asdict().items()
        }
        for row in rows
    ]
    return {"settings": settings, "rows": measured}


if __name__ == "__main__":
    main()
