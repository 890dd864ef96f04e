"""Runs of a report: their agents, and what their folders say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcade_gym.baselines.agent import Agent, load_agent
from arcade_gym.baselines.builtin import run_folder
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.run_directory import RunDirectory
from jax_core import Environment


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        number: counts the runs of a report, and chooses the color.
        name: short, and of no other run in the report.
        agent: its network and configuration.
        about: versions, date and network, from config.json.
        metrics: lines of metrics.jsonl.
        evaluations: lines of eval.jsonl.
    """

    number: int
    name: str
    agent: Agent
    about: dict[str, Any]
    metrics: list[dict[str, Any]]
    evaluations: list[dict[str, Any]]

    @property
    def config(self) -> RunConfig:
        """Of the run."""
        return self.agent.config

    @property
    def level(self) -> str:
        """Its name, without the module that a game of one's own is in."""
        return self.config.env_id.rpartition(":")[2]

    @property
    def env(self) -> Environment:
        """The game in the view that the agent was trained in."""
        return self.config.make_env()


def load_runs(paths: Sequence[Path], network: str) -> list[Run]:
    """Loads what is known about some runs.

    Args:
        paths: their folders, or the names of agents that come along.
        network: "best" or "last".

    Raises:
        FileNotFoundError: a run is not there, or has not got so far.
        ValueError: no run, one that is named twice, one of another version of its game,
            weights of another network, or a damaged file.
    """
    if not paths:
        raise ValueError("name the folder of a run: arcade-gym report DIR")
    places = [run_folder(path).resolve() for path in paths]
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise ValueError(f"{path} is named twice; name each run once")
    names = short_names(places)
    return [
        _load(number, name, path, network)
        for number, (name, path) in enumerate(zip(names, paths, strict=True))
    ]


def by_level(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs of each level, whose returns can be compared."""
    levels = dict.fromkeys(run.level for run in runs)
    return {level: [run for run in runs if run.level == level] for level in levels}


def short_names(paths: Sequence[Path]) -> list[str]:
    """Names of folders, with folders above them where they alone are not different."""
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-parts:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    raise ValueError(f"paths must be different, got {', '.join(map(str, paths))}")


def _load(number: int, name: str, path: Path, network: str) -> Run:
    agent = load_agent(path, network)
    directory = RunDirectory(run_folder(path))
    _, about = directory.read()
    return Run(
        number=number,
        name=name,
        agent=agent,
        about=about,
        metrics=_lines(directory.metrics),
        evaluations=_lines(directory.evaluations),
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    """Objects of a log; a line that is being written now is left out."""
    if not path.exists():
        return []
    found = []
    lines = path.read_text().splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            if number == len(lines) and not line.endswith("\n"):
                break
            raise ValueError(
                f"{path} is damaged in line {number}: {error}; evaluate the run anew, "
                "or remove the line"
            ) from error
    return found
