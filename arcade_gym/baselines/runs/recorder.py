"""Where everything goes that a run says: files, sinks and the terminal."""

import os
from collections.abc import Sequence
from typing import Any

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.progress import progress
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.baselines.runs.sinks import JsonLines, Sink, TensorBoard, Wandb


class Recorder:
    """Spreads records; of the main process alone."""

    def __init__(
        self,
        directory: RunDirectory,
        config: RunConfig,
        *,
        header: dict[str, Any],
        sinks: Sequence[Sink] = (),
    ) -> None:
        """Opens everything.

        Args:
            directory: of the run.
            config: of the run.
            header: of the checkpoint from which the run goes on; empty at the start.
                Lines of files that are younger are removed.
            sinks: of the caller.
        """
        for path in (directory.metrics, directory.evaluations):
            _cut(path, header.get("bytes", {}).get(path.name, 0))
        self._metrics = JsonLines(directory.metrics)
        self._evaluations = JsonLines(directory.evaluations)
        rows = header.get("rows", 0)
        self._sinks = [*sinks, *_asked_for(directory, config, rows)]
        self.progress = progress(rows, config.total_rows, directory.path.name)

    def bytes(self) -> dict[str, int]:
        """Sizes of the files, for a checkpoint.

        Raises:
            OSError: lines are waiting for room on the disk.
        """
        files = (self._metrics, self._evaluations)
        return {file.path.name: file.size for file in files}

    def trained(self, record: dict[str, Any]) -> None:
        """Takes the record of a chunk."""
        self._metrics.write({"kind": "train", **record})
        steps = record["steps"]
        self._send(steps, {f"train/{k}": v for k, v in record.items() if k != "steps"})
        self.progress.advance(steps, record["return_mean"])

    def evaluated(self, record: dict[str, Any]) -> None:
        """Takes the record of an evaluation."""
        self._evaluations.write(record)
        place = "/".join(record[k] for k in ("kind", "network", "view", "policy"))
        self._send(record["steps"], {f"eval/{place}": record["mean"]})
        self.progress.say(
            f"{record['steps']:,} steps: {record['mean']:.3f} mean return over "
            f"{len(record['returns'])} episodes ({record['network']} network, "
            f"{record['view']} view, {record['policy']})"
        )

    def close(self) -> None:
        """Lets go of everything.

        Raises:
            OSError: there was no room for the last lines.
        """
        self.progress.close()
        for sink in self._sinks:
            sink.close()
        self._metrics.close()
        self._evaluations.close()

    def _send(self, steps: int, scalars: dict[str, float]) -> None:
        for sink in self._sinks:
            sink.write(steps, scalars)


def _asked_for(directory: RunDirectory, config: RunConfig, rows: int) -> list[Sink]:
    sinks: list[Sink] = []
    if config.tensorboard:
        sinks.append(TensorBoard(directory.tensorboard, rows))
    if config.wandb:
        _, about = directory.read()
        sinks.append(Wandb(directory.path, about["run_id"], config.to_json()))
    return sinks


def _cut(path: Any, size: int) -> None:
    with path.open("ab"):
        os.truncate(path, size)
