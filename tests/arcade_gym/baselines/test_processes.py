"""Runs that are killed go on bit for bit; runs that are shared are one run."""

import signal
import socket

import pytest

from arcade_gym.baselines.config import ALGORITHMS
from arcade_gym.baselines.runs.checkpoint import read_header
from tests.arcade_gym.baselines import processes, runs
from tests.arcade_gym.baselines.processes import finish
from tests.arcade_gym.baselines.runs import CHUNK, lines

# test_training stops runs inside of one process.
_OTHERS = [
    pytest.param(algorithm, memory, marks=pytest.mark.long)
    for algorithm in ALGORITHMS
    for memory in ("none", "gru", "attention")
    if (algorithm, memory) != ("ppo", "gru")
]


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return processes.Runner(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def address(tmp_path):
    return runs.with_own_game(tmp_path / "mycue.py")


@pytest.mark.parametrize(
    ("algorithm", "memory"),
    [pytest.param("ppo", "gru", marks=pytest.mark.slow), *_OTHERS],
)
def test_a_killed_run_goes_on_bit_for_bit(runner, address, tmp_path, algorithm, memory):
    """Killed with SIGKILL after a line of the log that the checkpoint does not have."""
    about = {"address": address, "algorithm": algorithm, "memory": memory}
    killed = runner.start_run(path=tmp_path / "x", kill_at=3 * CHUNK, **about)
    finish(killed, code=-signal.SIGKILL)
    assert read_header(tmp_path / "x" / "checkpoint.eqx")["rows"] == 2 * CHUNK
    assert len(lines(tmp_path / "x" / "metrics.jsonl")) == 3
    resumed = runner.start("arcade_gym", "resume", str(tmp_path / "x"))
    whole = runner.start_run(path=tmp_path / "whole", **about)
    out, err = resumed.communicate(timeout=600)
    assert resumed.returncode == 0, err
    assert out.startswith(f"{tmp_path / 'x'}: {6 * CHUNK} steps in ")
    finish(whole)
    runs.assert_same_run(tmp_path / "x", tmp_path / "whole")


@pytest.mark.long
def test_the_command_exits_130_and_prints_the_line_that_goes_on(
    runner, address, tmp_path
):
    path = tmp_path / "x"
    line = ["arcade_gym", "train", "ppo", address, "--out", str(path), "-o", "64"]
    line += ["--memory", "gru", "--width", "16", "--num-envs", "8", "--num-steps", "64"]
    running = runner.start(*line, "--total-steps", "1e7")
    assert running.stderr
    for text in running.stderr:
        if "steps/s" in text:  # the log of the first chunk
            running.send_signal(signal.SIGINT)
            break
    err = running.communicate(timeout=600)[1]
    assert running.returncode == 130, err
    assert f"go on with: arcade-gym resume {path}" in err
    assert (path / "checkpoint.eqx").exists()


@pytest.fixture(scope="module")
def two_devices(runner, tmp_path_factory):
    """A run on two devices of one process."""
    folder = tmp_path_factory.mktemp("devices")
    address = runs.with_own_game(folder / "mycue.py")
    runner.run(path=folder / "x", address=address, devices=2)
    return folder / "x"


@pytest.mark.long
def test_a_run_on_two_devices_goes_on_bit_for_bit(
    runner, address, tmp_path, two_devices
):
    about = {"path": tmp_path / "x", "address": address, "devices": 2}
    assert "stopped" in runner.run(stop_at=3 * CHUNK, **about)
    runner.run(resume=True, **about)
    runs.assert_same_run(tmp_path / "x", two_devices)


@pytest.mark.long
def test_two_processes_train_one_run(runner, address, tmp_path, two_devices):
    """Stopped by a signal to the process that writes no files, and gone on with."""
    path = tmp_path / "x"
    for options in ({"stop_at": 3 * CHUNK}, {"resume": True}):
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            coordinator = f"localhost:{probe.getsockname()[1]}"
        ranks = [
            runner.start_run(
                path=path,
                address=address,
                coordinator=coordinator,
                rank=rank,
                count=2,
                **(options if rank == 1 or "resume" in options else {}),
            )
            for rank in range(2)
        ]
        ends = [finish(process) for process in ranks]
        assert ends[0] == ends[1]
        if "stop_at" in options:
            assert f"stopped after {3 * CHUNK} steps" in ends[0]["stopped"]
            assert len(lines(path / "metrics.jsonl")) == 3
    assert ends[0]["processes"] == 2
    for found, wanted in zip(
        runs.timeless(path / "metrics.jsonl"),
        runs.timeless(two_devices / "metrics.jsonl"),
        strict=True,
    ):
        assert found.pop("kind") == wanted.pop("kind")  # the only text
        assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5, nan_ok=True)
