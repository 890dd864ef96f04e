"""Folders of runs: never overwritten unasked, held by one process, readable."""

import errno
import json
import os
import subprocess
import sys

import pytest

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.runs import run_directory
from arcade_gym.baselines.runs.run_directory import FolderBusyError, RunDirectory

CONFIG = RunConfig(env_id="CartPoleEasy").resolved()
ABOUT = {"versions": {"game": 0}, "command": "x", "date": "today", "run_id": "1"}


@pytest.fixture
def begun(tmp_path):
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    directory.begin(CONFIG, ABOUT)
    return directory


def test_what_was_begun_can_be_read(begun):
    assert begun.is_run
    assert not begun.is_done
    assert begun.read() == (CONFIG, {"format": "arcade-gym run", **ABOUT})


def test_configurations_are_plain_json(begun):
    content = json.loads(begun.config_file.read_text())
    assert content["memory"] == "lru"
    assert content["settings"]["gamma"] == 0.99


@pytest.mark.parametrize("name", [None, ".lock"])
def test_new_and_empty_folders_are_free(tmp_path, name):
    directory = RunDirectory(tmp_path / "run")
    directory.check_is_free(overwrite=False)
    directory.path.mkdir()
    if name:
        (directory.path / name).touch()
    directory.check_is_free(overwrite=False)


def test_runs_are_overwritten_only_if_asked(begun):
    with pytest.raises(FileExistsError) as caught:
        begun.check_is_free(overwrite=False)
    message = str(caught.value)
    for way_out in (f"arcade-gym resume {begun.path}", "--overwrite", "--out DIR"):
        assert way_out in message
    begun.check_is_free(overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_foreign_folders_are_never_touched(tmp_path, overwrite):
    directory = RunDirectory(tmp_path)
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FileExistsError, match="holds no run of arcade-gym"):
        directory.check_is_free(overwrite=overwrite)
    (tmp_path / "config.json").write_text('{"format": "something else"}')
    with pytest.raises(ValueError, match="is not of a run of arcade-gym"):
        directory.check_is_free(overwrite=overwrite)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(FileExistsError, match="holds no run of arcade-gym"):
        RunDirectory(path).check_is_free(overwrite=True)


def test_a_new_run_begins_without_remains(begun):
    remains = [begun.metrics, begun.checkpoint, begun.best, begun.done]
    remains.append(begun.path / "checkpoint.eqx.tmp")
    for path in remains:
        path.touch()
    begun.tensorboard.mkdir()
    notes = begun.path / "notes.txt"
    notes.touch()
    begun.begin(CONFIG, ABOUT)
    assert not any(path.exists() for path in [*remains, begun.tensorboard])
    assert notes.exists()


def test_one_folder_is_held_by_one_process(begun):
    code = (
        "import fcntl, sys\n"
        f"file = open({str(begun.path / '.lock')!r}, 'ab')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdout.readline() == "held\n"
    with pytest.raises(FolderBusyError, match="another process is at work"):
        begun.locked().__enter__()
    other.kill()  # a lock dies with its process
    other.communicate()
    with begun.locked():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folders_that_cannot_be_written_are_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match=r"cannot write .*--out DIR"):
        RunDirectory(tmp_path / "run").locked().__enter__()


def test_a_folder_below_a_file_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write .*--out DIR"):
        RunDirectory(tmp_path / "file" / "run").locked().__enter__()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged"),
        ("[]", "is not of a run"),
        ('{"format": "arcade-gym run", "width": 0}', "cannot be used"),
        ('{"format": "arcade-gym run", "algorithm": "ppo", "w": 0}', "'w'"),
    ],
)
def test_damaged_configurations_are_refused(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        RunDirectory(tmp_path).read()


def test_other_folders_are_no_runs(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no config\.json"):
        RunDirectory(tmp_path).read()


def test_a_file_system_without_locks_is_told_from_another_process(
    tmp_path, monkeypatch
):
    def lock(file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_directory, "_lock", lock)
    with pytest.raises(OSError, match=r"cannot lock files: No locks .*--out") as told:
        RunDirectory(tmp_path).locked().__enter__()
    assert not isinstance(told.value, FolderBusyError)
