"""Runs one case of another package; started by `peers.py` in an environment of its own.

Prints a JSON line for each way of stepping, see `peer_loops.py`. The packages are
imported where they are used: `peers.py` reads the table of cases without them.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from peer_loops import Size, measure_jax, measure_vector

RAW = {"stack_num": 1, "img_height": 210, "img_width": 160}
SQUARE = {"stack_num": 1, "img_height": 128, "img_width": 128}


class Case(NamedTuple):
    """One task of one package."""

    name: str
    frame: str  # what is counted
    run: Callable[[Size], None]
    lanes: int  # about the best for the package
    steps: int  # in a repeat


def main() -> None:
    """Measures one case: its name, repeats."""
    name, repeats = sys.argv[1:3]
    case = next(case for case in CASES if case.name == name)
    case.run(Size(case.lanes, case.steps, int(repeats)))


def navix(size: Size) -> None:
    """Navix, the whole grid; it resets finished lanes by itself."""
    package = import_module("navix")
    env = package.make("Navix-Empty-8x8-v0", observation_fn=package.observations.rgb)

    def reset(key: Any) -> tuple[Any, Any]:
        return _frame_apart(env.reset(key))

    def step(key: Any, timestep: Any, action: Any) -> tuple[Any, Any]:
        del key  # the timestep holds one
        return _frame_apart(env.step(timestep, action))

    measure_jax(reset, step, len(env.action_set), size, ["navix"])


def xland_minigrid(size: Size) -> None:
    """XLand-MiniGrid, drawn after autoreset, so once in each step."""
    wrappers = import_module("xminigrid.wrappers")
    images = import_module("xminigrid.experimental.img_obs")
    env, params = import_module("xminigrid").make("MiniGrid-DoorKey-8x8")
    env = images.RGBImgObservationWrapper(wrappers.GymAutoResetWrapper(env))

    def reset(key: Any) -> tuple[Any, Any]:
        return _frame_apart(env.reset(params, key))

    def step(key: Any, timestep: Any, action: Any) -> tuple[Any, Any]:
        del key  # the timestep holds one
        return _frame_apart(env.step(params, timestep, action))

    measure_jax(reset, step, env.num_actions(params), size, ["xminigrid"])


def _frame_apart(timestep: Any) -> tuple[Any, Any]:
    """The frame, and the timestep without it, so that no loop writes it twice."""
    return timestep.observation, timestep.replace(observation=())


def gymnax(size: Size) -> None:
    """Breakout of MinAtar in gymnax; it resets finished lanes by itself."""
    env, params = import_module("gymnax").make("Breakout-MinAtar")

    def reset(key: Any) -> tuple[Any, Any]:
        return env.reset(key, params)

    def step(key: Any, state: Any, action: Any) -> tuple[Any, Any]:
        return env.step(key, state, action, params)[:2]

    measure_jax(reset, step, env.num_actions, size, ["gymnax"])


def envpool(**settings: Any) -> Callable[[Size], None]:
    """Atari Breakout in EnvPool, in its synchronous mode; all threads."""

    def run(size: Size) -> None:
        package = import_module("envpool")
        envs = package.make_gymnasium("Breakout-v5", num_envs=size.lanes, **settings)
        measure_vector(envs, size, ["envpool"])

    return run


def ale(**settings: Any) -> Callable[[Size], None]:
    """Atari Breakout in the vector environment of ALE; all threads."""

    def run(size: Size) -> None:
        package = import_module("ale_py.vector_env")
        envs = package.AtariVectorEnv("breakout", size.lanes, **settings)
        measure_vector(envs, size, ["ale-py"])

    return run


CASES = (
    Case("Navix Empty-8x8", "the grid in RGB, 64x64", navix, 512, 32),
    Case("XLand-MiniGrid DoorKey-8x8", "view in RGB, 224x224", xland_minigrid, 256, 8),
    Case("gymnax Breakout-MinAtar", "symbolic, 10x10x4 floats", gymnax, 2048, 64),
    Case(
        "EnvPool Breakout-v5, raw",
        "RGB, 210x160",
        envpool(gray_scale=False, frame_skip=1, **RAW),
        64,
        64,
    ),
    Case(
        "EnvPool Breakout-v5, square",
        "RGB, 128x128",
        envpool(gray_scale=False, frame_skip=1, **SQUARE),
        64,
        64,
    ),
    Case(
        "EnvPool Breakout-v5, default",
        "4 grey, 84x84, of 4 emulated frames each",
        envpool(),
        64,
        64,
    ),
    Case(
        "ALE breakout, raw",
        "RGB, 210x160",
        ale(grayscale=False, frameskip=1, maxpool=False, **RAW),
        64,
        64,
    ),
    Case(
        "ALE breakout, square",
        "RGB, 128x128",
        ale(grayscale=False, frameskip=1, maxpool=False, **SQUARE),
        64,
        64,
    ),
)


if __name__ == "__main__":
    main()
