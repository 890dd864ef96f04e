"""Whether gray frames and stacks of them are as cheap as they should be.

Steps of the vector environment with the torch backend, every byte of every frame
written. At 84 px gray frames should come at least twice as fast as color; stacks of
four of them, channels first, as EnvPool and ALE give them, at least as fast as color at
128 px. All forms of a game take turns in every repeat; ratios are those of medians.

    python benchmarks/options.py
    python benchmarks/options.py --json benchmarks/results/options_cpu.json
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from timing import Rate, measure_in_turn, write_json

from arcade_gym import ArcadeVectorEnv
from jax_core import registry

ATARI = {"grayscale": True, "frame_stack": 4, "channels_first": True}
FORMS: dict[str, dict[str, Any]] = {
    "color": {"obs_size": 84},
    "gray": {"obs_size": 84, "grayscale": True},
    "color at 128 px": {"obs_size": 128},
    "4 gray": {"obs_size": 84, **ATARI},
}
"""What observations hold, as options of the environment."""


class Gate(NamedTuple):
    """A ratio of rates that should not be less than a limit."""

    form: str
    base: str
    least: float


GATES = (Gate("gray", "color", 2.0), Gate("4 gray", "color at 128 px", 1.0))


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Prints one line per game, and the ratios of all games together."""
    options = parse(arguments)
    heads = [f"{gate.form} / {gate.base}" for gate in GATES]
    columns = [f"{name:>16}" for name in (*FORMS, *heads)]
    print(f"{options.num_envs} environments, torch, frames/s")
    print(f"{'game':<14}", *columns, sep="")
    rows = []
    for game in options.games or sorted(registry.games):
        rows.append(measure_game(game, options))
        rates = [f"{rate['median']:>16,.0f}" for rate in rows[-1]["rates"].values()]
        ratios = [f"{ratio:>24.2f}" for ratio in rows[-1]["ratios"]]
        print(f"{game:<14}", *rates, *ratios, sep="", flush=True)
    for index, gate in enumerate(GATES):
        found = sorted(row["ratios"][index] for row in rows)
        print(
            f"{gate.form} to {gate.base}: at least {gate.least:g} wanted; "
            f"least {found[0]:.2f}, median {statistics.median(found):.2f}"
        )
    if options.json:
        gates = [gate._asdict() for gate in GATES]
        write_json(
            options.json,
            {"num_envs": options.num_envs, "gates": gates, "rows": rows},
        )
    return rows


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Speed of gray frames and stacks.")
    parser.add_argument("games", nargs="*", help="games or ids; all games if none")
    parser.add_argument("--num-envs", type=int, default=512)
    parser.add_argument("--steps", type=int, default=20, help="steps in a repeat")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    return parser.parse_args(arguments)


def measure_game(game: str, options: argparse.Namespace) -> dict[str, Any]:
    """Frames per second of every form, and the ratios of the gates."""
    works = [
        steps(game, form, options.num_envs, options.steps) for form in FORMS.values()
    ]
    rates = measure_in_turn(works, options.num_envs * options.steps, options.repeats)
    by_form: dict[str, Rate] = dict(zip(FORMS, rates, strict=True))
    return {
        "game": game,
        "rates": {name: rate._asdict() for name, rate in by_form.items()},
        "ratios": [
            by_form[gate.form].median / by_form[gate.base].median for gate in GATES
        ],
    }


def steps(
    game: str, form: dict[str, Any], num_envs: int, count: int
) -> Callable[[], None]:
    """Some steps with random actions, whose frames are there at the end."""
    envs = ArcadeVectorEnv(num_envs, game=game, backend="torch", **form)
    envs.reset(seed=0)
    generator = torch.Generator().manual_seed(0)
    actions = torch.randint(0, 5, (count, num_envs), generator=generator)

    def work() -> None:
        for action in actions:
            envs.step(action)
        if envs.device.platform == "gpu":
            torch.cuda.synchronize(envs.device.local_hardware_id)

    return work


if __name__ == "__main__":
    main()
