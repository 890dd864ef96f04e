"""What the cells of a study have come to, read from their folders."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from arcade_gym.baselines import levels
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.judging import GREEDY, LAST
from arcade_gym.baselines.runs.run_directory import FORMAT, RunDirectory
from arcade_gym.study.curves import Curve, published_score
from arcade_gym.study.folder import FAILURES

COMPARED = ("seed", "memory", "partial_obs")
"""Settings in which the runs of one level may differ; those of several memories may
differ in their width as well, which can be what makes them comparable."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A run that has ended.

    Attributes:
        path: its folder.
        config: resolved.
        level: its id, without the module of a game of your own.
        version: of the game.
        parameters: numbers that the network learned.
        carry_bytes: what its memory holds for a lane.
        steps_per_second: of training, the median over its chunks; nan if unknown.
        means: mean return by network ("last", "best"), policy ("greedy", "sampled") and
            the view that was shown.
        curve: evaluations during training.
        published: the paper's score; nan if no episode ended in training.
    """

    path: Path
    config: RunConfig
    level: str
    version: int
    parameters: int
    carry_bytes: int
    steps_per_second: float
    means: dict[tuple[str, str, str], float]
    curve: Curve
    published: float

    @property
    def view(self) -> str:
        """The view that it was trained in."""
        return self.config.view

    def returns(self, shown: str, network: str = LAST, policy: str = GREEDY) -> float:
        """Mean return on the test episodes of a view.

        Raises:
            ValueError: it was not judged in this way.
        """
        wanted = (network, policy, shown)
        if wanted not in self.means:
            raise ValueError(
                f"{self.path} has no judgement of the {network} network, {policy}, in "
                f"the {shown} view; it has: {', '.join(map(' '.join, self.means))}"
            )
        return self.means[wanted]


@dataclass(frozen=True)
class Results:
    """The runs of a study.

    Attributes:
        records: those that have ended, in the order of their folders' names.
        unfinished: folders of the others, and of cells that failed before they began.
    """

    records: tuple[Record, ...]
    unfinished: tuple[Path, ...]


def read(folder: Path | str) -> Results:
    """Reads all runs in a folder and the folders in it.

    Raises:
        FileNotFoundError: the folder is missing, or no run in it has ended.
        ValueError: runs that cannot be compared: of several versions of a game, or of
            one level with other settings; or a damaged file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; name that of a study")
    directories = list(_runs(folder))
    ended = [directory for directory in directories if directory.is_done]
    if not ended:
        raise FileNotFoundError(
            f"{folder} has no run that has ended ({len(directories)} have begun): "
            f"arcade-gym study run --out {folder}"
        )
    records = tuple(_record(directory) for directory in ended)
    check_versions(records)
    check_settings(records)
    unfinished = [run.path for run in directories if not run.is_done]
    unfinished += set(_failed(folder)) - {run.path for run in directories}
    return Results(records, tuple(sorted(unfinished)))


def check_versions(records: Sequence[Record]) -> None:
    """Refuses runs of several versions of a game, or of one that is not this one.

    Raises:
        ValueError: names the runs.
    """
    first: dict[str, Record] = {}
    for record in records:
        spec = levels.find(record.config.env_id).spec
        other = first.setdefault(spec.name, record)
        if other.version != record.version:
            raise ValueError(
                f"{other.path} is of version {other.version} of {spec.name}, and "
                f"{record.path} of version {record.version}: their rules, rewards or "
                "pictures differ, so they cannot stand in one table. Move one of them "
                "to another folder, or train it again"
            )
        if record.version != spec.version:
            raise ValueError(
                f"{record.path} is of version {record.version} of {spec.name}, and "
                f"this is version {spec.version}, with other returns of random play; "
                "report it with the version of arcade-gym that trained it"
            )


def check_settings(records: Sequence[Record]) -> None:
    """Refuses runs of one level and algorithm that differ in more than is compared.

    Raises:
        ValueError: names two runs and their differences.
    """
    by_level: dict[tuple[str, ...], Record] = {}
    by_memory: dict[tuple[str, ...], Record] = {}
    for record in records:
        kind = (record.level, record.config.algorithm)
        _check_same(by_level.setdefault(kind, record), record, (*COMPARED, "width"))
        kind = (*kind, record.config.memory)
        _check_same(by_memory.setdefault(kind, record), record, COMPARED)


def _check_same(one: Record, other: Record, allowed: Sequence[str]) -> None:
    found = [
        line
        for line in one.config.differences(other.config)
        if line.partition(":")[0] not in allowed
    ]
    if found:
        raise ValueError(
            f"{one.path} and {other.path} are of one level with other settings: "
            f"{', '.join(found)}; move one of them to another folder"
        )


def _runs(folder: Path) -> Iterator[RunDirectory]:
    for config in sorted(folder.glob("**/config.json")):
        directory = RunDirectory(config.parent)
        if FORMAT in config.read_text(errors="replace"):
            yield directory


def _failed(folder: Path) -> Iterator[Path]:
    """Folders of cells that failed; they need not exist."""
    for failure in folder.glob(f"**/{FAILURES}/*.json"):
        yield failure.parent.with_name(failure.stem)


def _record(directory: RunDirectory) -> Record:
    config, about = directory.read()
    done = _parsed(directory.done.read_text(), directory.done)
    chunks = _lines(directory.metrics)
    return Record(
        path=directory.path,
        config=config,
        level=config.env_id.rpartition(":")[2],
        version=about["versions"]["game"],
        parameters=about["network"]["parameters"],
        carry_bytes=about["network"]["carry_bytes"],
        steps_per_second=_speed(chunks),
        means={
            (result["network"], result["policy"], result["view"]): result["mean"]
            for result in done["results"]
        },
        curve=_curve(_lines(directory.evaluations)),
        published=published_score(
            [
                (chunk["steps"], chunk["return_mean"])
                for chunk in chunks
                if chunk["return_mean"] is not None
            ]
        ),
    )


def _speed(chunks: Sequence[dict[str, Any]]) -> float:
    """Without the first chunk, which compiles, where there are others."""
    speeds = [chunk["steps_per_second"] for chunk in chunks]
    return median(speeds[1:] or speeds) if speeds else math.nan


def _curve(evaluations: Sequence[dict[str, Any]]) -> Curve:
    points = [e for e in evaluations if e["kind"] == "training"]
    return Curve(
        tuple(point["steps"] for point in points),
        tuple(point["mean"] for point in points),
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [_parsed(line, path) for line in path.read_text().splitlines() if line]


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged: {error}; move its folder away, or train it again"
        ) from error
