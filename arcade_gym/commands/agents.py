"""The agents that come along: `arcade-gym agents`, `arcade-gym agents builtin:NAME`."""

import argparse
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from arcade_gym.baselines.builtin import builtin_agents, run_folder
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.run_directory import RunDirectory

_WIDTHS = (33, 18, 8, 7, 6, 7)
_HEADINGS = ("agent", "level", "sees", "memory", "full", "partial")


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the list of agents, or how one of them was made."""
    parser = argparse.ArgumentParser(
        prog="arcade-gym agents",
        description="Lists the trained agents that come with the package, or tells "
        "how one of them was made.",
        epilog="Each can be named where a run can: "
        "arcade-gym play --agent builtin:cartpole-hard-gru",
    )
    parser.add_argument("agent", nargs="?", type=_name, help=builtin_agents()[0])
    chosen = parser.parse_args(argv)
    print(describe(chosen.agent) if chosen.agent else overview())


def overview() -> str:
    """A line for each agent."""
    return "\n".join(
        [
            _line(_HEADINGS),
            *(_line(_cells(_Story.of(name))) for name in builtin_agents()),
            "",
            "full, partial: mean greedy return of 256 episodes in that view",
            "`arcade-gym agents NAME` tells how one was made",
        ]
    )


def describe(name: str) -> str:
    """Command, seed, curve and returns of one agent."""
    story = _Story.of(name)
    versions = ", ".join(f"{k} {v}" for k, v in story.about["versions"].items())
    curve = [
        f"  {line['steps']:>9,} steps  {line['mean']:.3f}"
        for line in story.evaluations
        if line["kind"] == "training"
    ]
    returns = [
        f"  {line['view']:<8} {line['policy']:<8} {line['mean']:.3f}"
        for line in story.tests
    ]
    return "\n".join(
        [
            name,
            f"  {story.about['command']}",
            f"  seed {story.config.seed}, {story.about['date'][:10]}; {versions}",
            "greedy return while training, 64 episodes:",
            *curve,
            "mean return, 256 new episodes:",
            *returns,
        ]
    )


class _Story(NamedTuple):
    """What the folder of an agent says."""

    name: str
    config: RunConfig
    about: dict[str, Any]
    evaluations: list[dict[str, Any]]

    @classmethod
    def of(cls, name: str) -> "_Story":
        directory = RunDirectory(run_folder(name))
        lines = directory.evaluations.read_text().splitlines()
        return cls(name, *directory.read(), [json.loads(line) for line in lines])

    @property
    def tests(self) -> list[dict[str, Any]]:
        """Judgements on episodes that no choice was made by."""
        return [line for line in self.evaluations if line["kind"] == "test"]


def _cells(story: _Story) -> list[str]:
    means = {
        line["view"]: f"{line['mean']:.3f}"
        for line in story.tests
        if line["policy"] == "greedy"
    }
    config = story.config
    known = [story.name, config.env_id, config.view, config.memory]
    return [*known, means["full"], means["partial"]]


def _line(cells: Sequence[str]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
    return "".join(padded).rstrip()


def _name(text: str) -> str:
    try:
        run_folder(name := text if ":" in text else f"builtin:{text}")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name
