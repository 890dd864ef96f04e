"""Where the numbers of a run go: lines of JSON always, TensorBoard and W&B if asked."""

import contextlib
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

Scalars = dict[str, float]


@runtime_checkable
class Sink(Protocol):
    """Takes numbers while a run goes on. Anything with these two methods will do."""

    def write(self, steps: int, scalars: Scalars) -> None:
        """Takes numbers by name ("train/return_mean") after so many steps."""

    def close(self) -> None:
        """Lets go of files and connections."""


class JsonLines:
    """A file with one JSON object per line, of which nothing is lost on a full disk.

    What cannot be written is kept and tried again with the next line.
    """

    def __init__(self, path: Path) -> None:
        """Goes on after the last line of an existing file."""
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._waiting = b""

    @property
    def size(self) -> int:
        """Bytes of the file.

        Raises:
            OSError: lines are still waiting for room on the disk.
        """
        self.flush()
        return self.path.stat().st_size

    def write(self, record: dict[str, Any]) -> None:
        """Appends an object; numbers that JSON lacks (nan, inf) become null."""
        line = json.dumps(_finite(record), allow_nan=False).encode() + b"\n"
        self._waiting += line
        try:
            self.flush()
        except OSError as error:
            sys.stderr.write(f"{self.path}: {error.strerror}; lines are kept back\n")

    def flush(self) -> None:
        """Writes what is waiting.

        Raises:
            OSError: there is no room; the file ends with a whole line all the same.
        """
        if not self._waiting:
            return
        end = self.path.stat().st_size
        try:
            self._write_all(self._waiting)
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise
        self._waiting = b""

    def close(self) -> None:
        """Writes what is waiting and closes the file.

        Raises:
            OSError: there is still no room.
        """
        try:
            self.flush()
        finally:
            self._file.close()

    def _write_all(self, content: bytes) -> None:
        while content:
            content = content[self._file.write(content) :]


class TensorBoard:
    """Event files for TensorBoard, in the folder `tensorboard` of the run."""

    def __init__(self, folder: Path, steps: int) -> None:
        """Hides what an earlier process wrote after `steps`, where the run goes on."""
        try:
            from tensorboardX import SummaryWriter  # noqa: PLC0415  # optional
        except ImportError as error:
            raise ImportError(_missing("TensorBoard", "tensorboardX")) from error
        purge_step = steps + 1 if steps else None  # that one and what follows
        self._writer = SummaryWriter(
            str(folder),
            purge_step=purge_step,
            filename_suffix=f".{steps}",  # the rest of a name counts in seconds
        )

    def write(self, steps: int, scalars: Scalars) -> None:
        """Adds a point to every curve; numbers that are not finite leave a gap."""
        for name, value in scalars.items():
            if math.isfinite(value):
                self._writer.add_scalar(name, value, steps)

    def close(self) -> None:
        """Writes what is left."""
        self._writer.close()


class Wandb:
    """Weights & Biases. `WANDB_PROJECT`, `WANDB_MODE` and so on are obeyed."""

    def __init__(self, folder: Path, run_id: str, config: dict[str, Any]) -> None:
        """Starts a run, or goes on with the one that has this id."""
        try:
            wandb = importlib.import_module("wandb")  # optional, and heavy
        except ImportError as error:
            raise ImportError(_missing("W&B", "wandb")) from error
        self._run = wandb.init(
            id=run_id,
            name=folder.name,
            dir=str(folder),
            config=config,
            resume="allow",
        )
        self._run.define_metric("steps")
        self._run.define_metric("*", step_metric="steps")

    def write(self, steps: int, scalars: Scalars) -> None:
        """Sends the numbers; those that are not finite leave a gap."""
        finite = {k: v for k, v in scalars.items() if math.isfinite(v)}
        self._run.log({"steps": steps, **finite})

    def close(self) -> None:
        """Waits until all is sent."""
        self._run.finish()


def _missing(name: str, package: str) -> str:
    return f"{name} needs {package}: pip install 'arcade-gym[logging]'"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
