"""The folder of a run: names of its files, who may write there, what it is about."""

import errno
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from arcade_gym.baselines.config import RunConfig
from arcade_gym.whole_files import write_json

FORMAT = "arcade-gym run"

_ABOUT = ("format", "versions", "command", "date", "network", "run_id")
"""Keys of config.json that are not fields of the configuration."""

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What a lock says that another process has, on POSIX and on Windows."""


class FolderBusyError(FileExistsError):
    """Another process is at work in a folder."""


class RunDirectory:
    """Files of a run.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path | str) -> None:
        """Looks at nothing yet."""
        self.path = Path(path)
        self.config_file = self.path / "config.json"
        self.metrics = self.path / "metrics.jsonl"
        self.evaluations = self.path / "eval.jsonl"
        self.checkpoint = self.path / "checkpoint.eqx"
        self.last = self.path / "model.eqx"
        self.best = self.path / "best.eqx"
        self.model = self.path / "model.json"
        self.done = self.path / "done.json"
        self.tensorboard = self.path / "tensorboard"
        self._lock = self.path / ".lock"

    @property
    def is_run(self) -> bool:
        """Whether a run was begun here."""
        return self.config_file.is_file()

    @property
    def is_done(self) -> bool:
        """Whether the run here has come to its end."""
        return self.done.is_file()

    def check_is_free(self, *, overwrite: bool) -> None:
        """Refuses a folder in which a run must not begin; changes nothing.

        Raises:
            FileExistsError: a run is there, or files that are not of a run.
        """
        if self.is_run:
            self._read()  # refuses what is not ours
            if not overwrite:
                raise FileExistsError(
                    f"{self.path} holds a run already. Go on with it: arcade-gym "
                    f"resume {self.path}; or replace it: --overwrite "
                    "(overwrite=True); or choose another folder: --out DIR"
                )
        elif any(entry != self._lock for entry in self._entries()):
            raise FileExistsError(
                f"{self.path} exists and holds no run of arcade-gym; choose another "
                "folder: --out DIR"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes out; ends by itself when this process dies.

        Raises:
            FolderBusyError: another process is at work here; a FileExistsError.
            OSError: the folder cannot be made, written or locked.
        """
        with self._open_lock() as file:
            try:
                _lock(file)
            except OSError as error:
                raise self._not_locked(error) from error
            yield

    def _not_locked(self, error: OSError) -> OSError:
        if error.errno in _TAKEN:
            return FolderBusyError(
                f"another process is at work in {self.path}; wait for it, or choose "
                "another folder: --out DIR"
            )
        return OSError(
            f"the file system of {self.path} cannot lock files: {error.strerror}; "
            "choose a folder on another one: --out DIR"
        )

    def _open_lock(self) -> IO[bytes]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return self._lock.open("ab")
        except OSError as error:
            raise OSError(
                f"cannot write the folder {self.path}: {error.strerror}; choose "
                "another one: --out DIR"
            ) from error

    def begin(self, config: RunConfig, about: dict[str, Any]) -> None:
        """Removes what an earlier run left, and writes config.json.

        Args:
            config: of the run, resolved.
            about: further keys of config.json: versions, command, date and so on.
        """
        for path in self._files():
            path.unlink(missing_ok=True)
        shutil.rmtree(self.tensorboard, ignore_errors=True)
        write_json(self.config_file, {"format": FORMAT, **config.to_json(), **about})

    def read(self) -> tuple[RunConfig, dict[str, Any]]:
        """The configuration of the run here, and what else config.json says.

        Raises:
            FileNotFoundError: no run is here.
            ValueError: config.json is damaged or not of a run.
        """
        content = self._read()
        about = {key: content.pop(key) for key in _ABOUT if key in content}
        try:
            return RunConfig.from_json(content), about
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.config_file} cannot be used: {error}") from error

    def _read(self) -> dict[str, Any]:
        if not self.is_run:
            raise FileNotFoundError(
                f"{self.path} is not the folder of a run: it has no config.json"
            )
        try:
            content = json.loads(self.config_file.read_text())
        except ValueError as error:
            raise ValueError(f"{self.config_file} is damaged: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"{self.config_file} is not of a run of arcade-gym")
        return content

    def _entries(self) -> list[Path]:
        if not self.path.exists():
            return []
        if not self.path.is_dir():
            return [self.path]
        return list(self.path.iterdir())

    def _files(self) -> list[Path]:
        """All that a run leaves; config.json last, without which it is no run."""
        names = [self.done, self.checkpoint, self.metrics, self.evaluations]
        names += [self.last, self.best, self.model, self.config_file]
        return [*self.path.glob("*.tmp"), *names]


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
