"""A cell is begun, gone on with or left alone, and its log says what happened."""

import os
import re
import subprocess
import sys

import pytest

from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.study.cells import BUSY, DONE, FAILED, carry_out, last_line, said_in
from jax_core import registry
from tests.arcade_gym.baselines import cue, runs


@pytest.fixture(autouse=True)
def _cue(lenient_arrays):
    registry.register(cue.SPEC)
    yield
    registry.unregister("Cue")


@pytest.fixture
def config(tmp_path):
    return runs.config(tmp_path / "x", memory="none", total_steps=2 * runs.CHUNK)


@pytest.mark.slow
def test_a_cell_is_trained_once(config, tmp_path):
    log = tmp_path / "logs" / "x.log"
    status, text = carry_out(config, log)
    assert status == DONE
    assert re.fullmatch(r"return \d\.\d{3} in \d+ s", text)
    first, *others = log.read_text().splitlines()
    assert f"process {os.getpid()} on " in first
    assert any("128 steps (100%)" in line for line in others)
    written = {p: p.stat().st_mtime_ns for p in config.folder.iterdir()}
    assert carry_out(config, log).status == DONE
    assert {p: p.stat().st_mtime_ns for p in config.folder.iterdir()} == written


def test_a_cell_of_another_process_is_left_alone(config, tmp_path):
    with RunDirectory(config.folder).locked():
        status, text = carry_out(config, tmp_path / "x.log")
    assert status == BUSY
    assert "another process is at work" in text


def test_a_failure_is_told_in_a_line_and_in_full_in_the_log(config, tmp_path):
    directory = RunDirectory(config.folder)
    directory.path.mkdir()
    (directory.path / "notes.txt").touch()
    log = tmp_path / "x.log"
    status, text = carry_out(config, log)
    assert status == FAILED
    assert text.startswith(f"FileExistsError: {config.folder} exists and holds no run")
    assert "Traceback" in log.read_text()
    assert last_line(log) == text


def test_a_log_that_cannot_be_written_fails_the_cell_and_nothing_else(config, tmp_path):
    (tmp_path / "logs").touch()
    status, text = carry_out(config, tmp_path / "logs" / "x.log")
    assert status == FAILED
    assert text.startswith("FileExistsError: ")
    assert not config.folder.exists()


def test_a_log_takes_what_the_system_says_and_gives_stderr_back(tmp_path, capfd):
    log = tmp_path / "x.log"
    with said_in(log):
        os.write(2, b"from below\n")
        sys.stderr.write("from above\n")
    os.write(2, b"afterwards\n")
    assert log.read_text().splitlines()[1:] == ["from below", "from above"]
    assert capfd.readouterr().err == "afterwards\n"


def test_a_missing_log_has_no_last_line(tmp_path):
    assert last_line(tmp_path / "x.log") == ""


@pytest.mark.slow
def test_planning_starts_no_backend_in_the_process_that_waits():
    """A GPU belongs to the worker that trains."""
    code = (
        "from pathlib import Path\n"
        "from jax._src import xla_bridge\n"
        "from arcade_gym.study.folder import StudyFolder\n"
        "from arcade_gym.study.grid import Grid\n"
        "from arcade_gym.study.worker import Worker\n"
        "folder = StudyFolder('nowhere')\n"
        "cells = Grid(out=folder.path, levels=('all',)).cells()\n"
        "folder.check(cells)\n"
        "Worker(folder).close()\n"
        "assert not xla_bridge.backends_are_initialized()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
