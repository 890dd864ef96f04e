"""How a run comes into its folder: checks, the lock, config.json and model.json."""

import shlex
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs import weights
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.baselines.runs.session import Session
from arcade_gym.baselines.runs.versions import versions
from arcade_gym.whole_files import write_json


@contextmanager
def claimed(
    directory: RunDirectory, session: Session, *, resume: bool
) -> Iterator[None]:
    """Holds the folder of a run, with a config.json of this run in it.

    Args:
        directory: of the run.
        session: not begun yet.
        resume: a run that is there stays, if it has the same settings.

    Raises:
        FileExistsError: another run, other files or another process are there.
        ValueError: the run there has other settings, or there is no room for this one.
        OSError: the folder cannot be written.
    """
    stays = resume and directory.is_run
    if not stays:
        # Before the lock, which is a file: a refused folder is left as it is.
        directory.check_is_free(overwrite=session.config.overwrite)
        session.check_room(directory)
    with directory.locked():
        stays = resume and directory.is_run  # another process may have been faster
        if stays:
            _check_same(directory, session.config)
        else:
            directory.check_is_free(overwrite=session.config.overwrite)
        if not (stays and (directory.checkpoint.is_file() or directory.is_done)):
            _begin(directory, session)
        yield


def _check_same(directory: RunDirectory, config: RunConfig) -> None:
    there, _ = directory.read()
    if found := config.differences(there):
        raise ValueError(
            f"the run in {directory.path} has other settings (here and there): "
            f"{', '.join(found)}; choose another folder: --out DIR"
        )


def _begin(directory: RunDirectory, session: Session) -> None:
    program, *arguments = sys.argv or [""]
    if Path(program).name == "__main__.py":  # python -m arcade_gym train ...
        program = "arcade-gym"
    network = weights.describe(session.fresh_network, session.config)
    about = {
        "versions": versions(session.level),
        "network": network,
        "command": shlex.join([Path(program).name, *arguments]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "run_id": uuid.uuid4().hex[:8],
    }
    directory.begin(session.config, about)
    write_json(directory.model, _model(session.config, about))


def _model(config: RunConfig, about: dict[str, Any]) -> dict[str, Any]:
    return {
        **about["network"],
        "env_id": config.env_id,
        "view": config.view,
        "versions": about["versions"],
        "weights": "model.eqx (last network) and best.eqx (best evaluation), for "
        "equinox.tree_deserialise_leaves(path, network)",
    }
