"""What has come of a run: `Report`, kept as done.json."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.judging import GREEDY, LAST
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.whole_files import write_json

FINISHED, TARGET = "finished", "target"
"""Why a run ended: all steps were made, or the target return was reached."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A run that has ended.

    Attributes:
        path: its folder.
        config: resolved.
        steps: of training.
        seconds: by the wall clock, interruptions left out.
        stopped: "finished" or "target".
        best_mean: mean return in the evaluation that chose the best network.
        best_steps: that this network had behind it.
        results: of the episodes of the test seeds: "network", "policy", "view" and
            "mean" each.
    """

    path: Path
    config: RunConfig
    steps: int
    seconds: float
    stopped: str
    best_mean: float
    best_steps: int
    results: tuple[dict[str, Any], ...]

    def mean(
        self, view: str | None = None, *, network: str = LAST, policy: str = GREEDY
    ) -> float:
        """Mean return on the test seeds, in the view of the run unless told otherwise.

        Raises:
            KeyError: nothing like that was played.
        """
        wanted = (network, policy, view or self.config.view)
        for result in self.results:
            if (result["network"], result["policy"], result["view"]) == wanted:
                return result["mean"]
        raise KeyError(wanted)


_KEPT = ("steps", "seconds", "stopped", "best_mean", "best_steps")


def write(report: Report, directory: RunDirectory) -> None:
    """Writes done.json, which says that the run is over."""
    content = {name: getattr(report, name) for name in _KEPT}
    content["config_hash"] = report.config.fingerprint
    content["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(directory.done, {**content, "results": list(report.results)})


def read(directory: RunDirectory) -> Report:
    """Reads done.json.

    Raises:
        FileNotFoundError: the run has not ended.
    """
    content = json.loads(directory.done.read_text())
    config, _ = directory.read()
    return Report(
        path=directory.path,
        config=config,
        results=tuple(content["results"]),
        **{name: content[name] for name in _KEPT},
    )
