"""Guards the steps of all games on GPUs, without a GPU: compiler output, not run.

XLA's compiler for GPUs needs none. What it makes of each step is read from its dumps:
kernels, bytes written, machine instructions. It fails where drawing is not one kernel
that writes every byte once, 16 at a time, or where a step grew.

    python -m venv .venv-gpuc
    .venv-gpuc/bin/pip install jax==0.10.2 jaxtyping gymnasium
    .venv-gpuc/bin/pip install --no-deps jax-cuda12-plugin==0.10.2 \
        jax-cuda12-pjrt==0.10.2 nvidia-cuda-nvcc-cu12 nvidia-cuda-nvdisasm
    .venv-gpuc/bin/python benchmarks/gpu_compile.py
    .venv-gpuc/bin/python benchmarks/gpu_compile.py BreakoutHard --targets h200
    .venv-gpuc/bin/python benchmarks/gpu_compile.py --all \
        --json benchmarks/results/gpu_compile.json
"""

import argparse
import functools
import inspect
import itertools
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import gpu_program
from gpu_program import Program
from gpu_targets import TARGETS

# The packages, where they are not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

FUNCTIONAL = "functional"
MODES = ("NextStep", "SameStep", "Disabled")
VIEWS = ("full", "partial")

Item = TypeVar("Item")
Result = TypeVar("Result")


class Limits(NamedTuple):
    """The most that a step of a game may need; a change that saves some lowers them."""

    launches: int
    instructions: float  # of the drawing kernel, for each byte of the frames
    others: float  # instructions of the other kernels, for each of that one, in color


LIMITS = {
    "AutoEncode": Limits(12, 4.5, 0.25),
    "BattleShip": Limits(24, 4.5, 0.35),
    "Breakout": Limits(10, 4.5, 0.7),
    "CartPole": Limits(18, 4.5, 2.2),
    "CountRecall": Limits(13, 4.5, 0.35),
    "MineSweeper": Limits(10, 4.5, 0.2),
    "Navigator": Limits(11, 4.5, 0.2),
    "NoisyCartPole": Limits(18, 4.5, 2.2),
    "Skittles": Limits(14, 4.5, 0.2),
    "Tetris": Limits(28, 4.5, 1.3),
}
OF_LANES = Limits(7, 0, 0.4)  # more in the vector environment, for numbers of lanes
MOST_WRITTEN = 1.1  # bytes for each byte of the frames
STORE_BYTES = 16  # of one thread


class Case(NamedTuple):
    """One step to compile."""

    env_id: str
    view: str = "full"
    target: str = "h200"
    step: str = FUNCTIONAL  # or the autoreset mode of the vector environment
    num_envs: int = 4096
    obs_size: int = 128
    channels: int = 3


def main(arguments: list[str] | None = None) -> int:
    """Compiles, prints a table, and returns how many cases break a rule."""
    options = parse(arguments)
    print("compiler output, not run\n" + HEADER)
    rows, broken = [], 0
    for case, program, seconds in compile_all(options.cases, options.jobs):
        faults = faults_of(case, program)
        broken += bool(faults)
        rows.append({**case._asdict(), **program._asdict(), "seconds": seconds})
        print(as_line(case, program, seconds), *faults, sep="\n    FAULT: ", flush=True)
    if options.json:
        from timing import write_json  # noqa: PLC0415  # imports JAX

        note = "compiler output, not run"
        write_json(options.json, {"note": note, "rows": rows})
    print(f"{len(rows)} steps compiled, {broken} of them break a rule")
    return broken


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Guards the steps on GPUs.")
    parser.add_argument("ids", nargs="*", help="BreakoutEasy ...; all rules if none")
    parser.add_argument("--targets", nargs="*", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--views", nargs="*", choices=VIEWS, default=list(VIEWS))
    parser.add_argument("--num-envs", type=int, default=4096)
    parser.add_argument("--obs-size", type=int, default=128)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="hard levels, every mode")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    options.cases = cases_of(options)
    return options


def cases_of(options: argparse.Namespace) -> list[Case]:
    """What to compile."""
    if options.ids:
        shape = options.num_envs, options.obs_size, options.channels
        return [
            Case(env_id, view, target, FUNCTIONAL, *shape)
            for env_id, view, target in itertools.product(
                options.ids, options.views, options.targets
            )
        ]
    levels = ("Easy", "Hard") if options.all else ("Easy",)
    return [
        Case(f"{game}{level}", view, target)
        for game, level, view, target in itertools.product(
            LIMITS, levels, VIEWS, TARGETS
        )
    ] + [*(every_mode() if options.all else some_modes())]


def some_modes() -> Iterator[Case]:
    """What a step has beside drawing: levels, autoreset, lanes, gray frames."""
    yield from (Case(f"{game}Hard") for game in LIMITS)
    for game, mode in itertools.product(("Breakout", "CountRecall"), MODES):
        yield Case(f"{game}Easy", step=mode)
    yield Case("BreakoutEasy", num_envs=16_384)
    yield Case("BreakoutEasy", channels=1)


def every_mode() -> Iterator[Case]:
    """The vector environment of all games, and more lanes."""
    for game, mode in itertools.product(LIMITS, MODES):
        yield Case(f"{game}Easy", step=mode)
    for game in LIMITS:
        yield Case(f"{game}Easy", num_envs=16_384)
    yield Case("BreakoutEasy", channels=1)


def faults_of(case: Case, program: Program) -> list[str]:
    """The rules that a step breaks, each with its value."""
    game = case.env_id.removesuffix("Easy").removesuffix("Medium").removesuffix("Hard")
    launches, instructions, others = LIMITS[game]
    others *= 3 / case.channels
    if case.step != FUNCTIONAL:
        launches, others = launches + OF_LANES.launches, others + OF_LANES.others
    found = {
        f"{program.frame_kernels} kernels write frames": program.frame_kernels != 1,
        f"{program.written:.2f} bytes written for each of the frames": (
            program.written >= MOST_WRITTEN
        ),
        f"{program.loops} loops": program.loops > 0,
        f"{program.graphs} graphs instead of 1": program.graphs != 1,
        f"stores of {program.store_bytes} bytes": program.store_bytes < STORE_BYTES,
        f"{program.local_bytes} bytes of local memory": program.local_bytes > 0,
        f"{program.rounded} products of rounded factors": program.rounded > 0,
        f"{program.instructions:.1f} instructions per byte, more than {instructions}": (
            program.instructions > instructions
        ),
        f"{program.others:.2f} times as much beside the drawing, over {others:.2f}": (
            program.others > others
        ),
        f"{program.launches} launches, more than {launches}": (
            program.launches > launches
        ),
    }
    return [message for message, is_broken in found.items() if is_broken]


def compile_all(
    cases: Iterable[Case], jobs: int
) -> Iterator[tuple[Case, Program, float]]:
    """Compiles each case, in order."""
    yield from in_processes(_compile, cases, jobs)


def in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Result]:
    """Maps over items in processes of their own, whose JAX compiles for GPUs."""
    with tempfile.TemporaryDirectory(prefix="gpu_compile") as folder:
        pool = ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), _set_up, (folder,)
        )
        with pool:  # the same step for two targets in one process, see `step_of`
            yield from pool.map(function, items, chunksize=len(TARGETS))


_folders: list[Path] = []  # the one of this process


def _set_up(folder: str) -> None:
    _folders.append(Path(tempfile.mkdtemp(dir=folder)))
    gpu_program.prepare(_folders[0])


def folder_of_process() -> Path:
    """Where XLA dumps in a process of `in_processes`."""
    return _folders[0]


def _compile(case: Case) -> tuple[Case, Program, float]:
    start = time.perf_counter()
    jitted, arguments = step_of(case._replace(target=""))
    folder = folder_of_process()
    program = gpu_program.compile_for(case.target, jitted, arguments, folder)
    return case, program, time.perf_counter() - start


@functools.lru_cache(maxsize=1)  # which also keeps what was traced
def step_of(case: Case) -> tuple[Any, tuple[Any, ...]]:
    """The jitted step and the shapes of its arguments, the frames first.

    As the benchmarks and environments call it: memory for frames is donated, the state
    is not.
    """
    import jax  # noqa: PLC0415  # only where `prepare` was called

    import jax_core  # noqa: PLC0415

    env, params = jax_core.make(
        case.env_id,
        partial_obs=case.view == "partial",
        obs_size=case.obs_size,
        channels=case.channels,
    )
    if case.step != FUNCTIONAL:
        return _vector_step(env, case)
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), case.num_envs))
    init = functools.partial(env.init, params=params)
    state = jax.eval_shape(jax.vmap(init), keys)

    def step(buffer: Any, *rest: Any) -> Any:
        del buffer  # lends its memory only
        return jax.vmap(env.step)(*rest)

    jitted = jax.jit(step, donate_argnums=0, keep_unused=True)
    return jitted, (_frames(case), keys, state, _actions(case))


def _vector_step(env: Any, case: Case) -> tuple[Any, tuple[Any, ...]]:
    import jax  # noqa: PLC0415
    from gymnasium.vector import AutoresetMode  # noqa: PLC0415

    from arcade_gym.lanes.kernel import Rules, compile_kernel  # noqa: PLC0415

    mode = AutoresetMode(case.step)
    kernel = compile_kernel(Rules(env=env, platform="gpu", autoreset_mode=mode))
    lanes = jax.eval_shape(lambda: kernel.empty(case.num_envs))
    # The jitted function is inside of a check that tracing does not want.
    jitted = inspect.unwrap(kernel.step, stop=lambda step: hasattr(step, "trace"))
    return jitted, (_frames(case), lanes, _actions(case))


def _frames(case: Case) -> Any:
    import jax  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    shape = (case.num_envs, case.obs_size, case.obs_size, case.channels)
    return jax.ShapeDtypeStruct(shape, np.uint8)


def _actions(case: Case) -> Any:
    import jax  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    return jax.ShapeDtypeStruct((case.num_envs,), np.int32)


HEADER = (
    f"{'step':<44} {'launches':>8} {'copies':>6} {'graphs':>6} {'loops':>5} "
    f"{'frame kernels':>13} {'written':>7} {'store':>5} {'instr/byte':>10} "
    f"{'others':>6} {'registers':>9} {'local':>5} {'s':>4}"
)


def as_line(case: Case, program: Program, seconds: float) -> str:
    """One line of the table."""
    shape = f"{case.num_envs}x{case.obs_size}x{case.channels}"
    name = f"{case.env_id} {case.view} {case.target} {case.step} {shape}"
    return (
        f"{name:<44} {program.launches:>8} {program.copies:>6} {program.graphs:>6} "
        f"{program.loops:>5} {program.frame_kernels:>13} {program.written:>7.3f} "
        f"{program.store_bytes:>5} {program.instructions:>10.2f} "
        f"{program.others:>6.2f} {program.registers:>9} {program.local_bytes:>5} "
        f"{seconds:>4.0f}"
    )


if __name__ == "__main__":
    sys.exit(bool(main()))
