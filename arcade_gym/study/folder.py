"""The folder of a study: cells, their logs, and what failed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from arcade_gym.baselines import levels
from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.study.cells import FAILED, Outcome
from arcade_gym.whole_files import write_json

FAILURES = "failures"


class StudyFolder:
    """Files of a study beside its cells, which are folders of runs.

    Attributes:
        path: of the study.
        logs: a file for each cell: what its processes said.
        failures: a file for each cell that failed, with its last line.
    """

    def __init__(self, path: Path | str) -> None:
        """Looks at nothing yet."""
        self.path = Path(path)
        self.logs = self.path / "logs"
        self.failures = self.path / FAILURES

    def make(self) -> None:
        """Makes the folder, where there is none.

        Raises:
            OSError: it cannot be made.
        """
        make_folder(self.logs)

    def log(self, config: RunConfig) -> Path:
        """Where the processes of a cell say what they do."""
        return self.logs / f"{config.folder.name}.log"

    def failed(self, config: RunConfig) -> str | None:
        """Why a cell failed; None for one that did not."""
        path = self._failure(config)
        return json.loads(path.read_text())["text"] if path.is_file() else None

    def forgive(self, config: RunConfig) -> None:
        """Lets a cell that failed be tried again."""
        self._failure(config).unlink(missing_ok=True)

    def note(self, config: RunConfig, outcome: Outcome) -> None:
        """Keeps what went wrong, or that nothing did."""
        if outcome.status != FAILED:
            self.forgive(config)
            return
        self.failures.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        about = {"text": outcome.text, "date": now, "log": str(self.log(config))}
        write_json(self._failure(config), about)

    def check(self, cells: Sequence[RunConfig]) -> None:
        """Refuses cells whose folders hold something else; changes nothing.

        Raises:
            ValueError: a run with other settings, or of another version of its game.
            FileExistsError: files that are not of a run.
        """
        for config in cells:
            directory = RunDirectory(config.folder)
            if not directory.is_run:
                directory.check_is_free(overwrite=False)
                continue
            there, about = directory.read()
            if found := config.differences(there):
                raise ValueError(
                    f"the run in {directory.path} has other settings (here and "
                    f"there): {', '.join(found)}; choose another folder: --out DIR"
                )
            played = about["versions"]["game"]
            present = levels.find(config.env_id).spec.version
            if played != present:
                raise ValueError(
                    f"{directory.path} is of version {played} of {config.env_id}, and "
                    f"this is version {present}; choose another folder: --out DIR"
                )

    def _failure(self, config: RunConfig) -> Path:
        return self.failures / f"{config.folder.name}.json"


def make_folder(path: Path) -> None:
    """Makes a folder, where there is none.

    Raises:
        OSError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"cannot make the folder {path}: {error.strerror}; choose another one: "
            "--out DIR"
        ) from error


def is_done(config: RunConfig) -> bool:
    """Whether a cell has come to its end."""
    return RunDirectory(config.folder).is_done
