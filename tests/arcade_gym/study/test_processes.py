"""Studies that are killed, crash, are stopped, and are shared by processes."""

import json
import os
import re
import signal
import time

import pytest

from tests.arcade_gym.baselines import processes, runs

pytestmark = pytest.mark.long

# Cells of eight chunks with a checkpoint after each.
FLAGS = """
    --budget smoke --memory none gru --seeds 2 --views partial --width 16
    --total-steps 4096 --chunk-steps 512 --eval-every 2048 --checkpoint-minutes 1e-9
    --eval-episodes 4 --test-episodes 4
""".split()  # noqa: SIM905  # to be read
CELLS = 4


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return processes.Runner(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def study(runner, tmp_path):
    """Starts a study of Cue in a folder; what still runs at the end is killed."""
    address = runs.with_own_game(tmp_path / "mycue.py")
    started = []

    def start(*flags, module="arcade_gym"):
        line = [module, "study", "run", *FLAGS, "--levels", address]
        line += ["--out", str(tmp_path / "results"), *flags]
        started.append(runner.start(*line))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:  # the test failed
            process.kill()
            process.communicate()


def end(process, code=0):
    out, err = process.communicate(timeout=900)
    assert process.returncode == code, out + err[-3000:]
    return out


def cell_in_the_middle(process, folder):
    """Waits for a cell that has a checkpoint and is not done; gives its folder."""
    until = time.monotonic() + 600
    while time.monotonic() < until and process.poll() is None:
        for checkpoint in folder.glob("results/*/checkpoint.eqx"):
            if not (checkpoint.parent / "done.json").exists():
                return checkpoint.parent
        time.sleep(0.02)
    process.kill()
    raise AssertionError("no cell was begun: " + "".join(process.communicate()))


def pids(folder, name):
    """Processes that were at work on a cell, in their order."""
    text = (folder / "results" / "logs" / f"{name}.log").read_text()
    return [int(pid) for pid in re.findall(r"process (\d+) on ", text)]


def at_work(folder):
    """All processes that trained."""
    logs = folder.glob("results/logs/*.log")
    return {pid for log in logs for pid in pids(folder, log.stem)}


def assert_whole(folder):
    """Every cell is done, and each step was made once."""
    ended = list(folder.glob("results/*/done.json"))
    assert len(ended) == len(list(folder.glob("results/*/config.json"))) == CELLS
    for done in ended:
        steps = [line["steps"] for line in runs.lines(done.with_name("metrics.jsonl"))]
        assert steps == [512 * (i + 1) for i in range(8)], done


def test_a_killed_study_goes_on_where_it_was(study, tmp_path):
    running = study()
    cell = cell_in_the_middle(running, tmp_path)
    running.kill()
    running.communicate()
    assert not (cell / "done.json").exists()
    began = json.loads((cell / "config.json").read_text())["run_id"]
    end(study())
    assert_whole(tmp_path)
    assert json.loads((cell / "config.json").read_text())["run_id"] == began
    first, second = pids(tmp_path, cell.name)
    assert first != second
    done = [p.stat().st_mtime_ns for p in tmp_path.glob("results/*/done.json")]
    assert f"{CELLS} done, 0 failed earlier, 0 to do" in end(study())
    assert done == [p.stat().st_mtime_ns for p in tmp_path.glob("results/*/done.json")]


def test_ray_begins_a_cell_again_when_its_worker_is_killed(study, tmp_path):
    """Two processes of a local cluster, one of which is killed in the middle."""
    pytest.importorskip("ray", reason="needs ray: the extra cluster")
    running = study("--cluster", "ray", module="tests.arcade_gym.study.on_two_workers")
    cell = cell_in_the_middle(running, tmp_path)
    killed = pids(tmp_path, cell.name)[-1]
    os.kill(killed, signal.SIGKILL)
    out = end(running)
    assert_whole(tmp_path)
    assert len(re.findall(r": done, ", out)) == CELLS
    first, *others = pids(tmp_path, cell.name)
    assert (first, len(others)) == (killed, 1)
    assert len(at_work(tmp_path)) == 3  # two, and the one that took its place


def test_a_worker_that_dies_costs_one_cell(study, tmp_path):
    running = study()
    cell = cell_in_the_middle(running, tmp_path)
    os.kill(pids(tmp_path, cell.name)[-1], signal.SIGKILL)
    out = end(running, code=1)
    assert f"failed: {cell.name}: its process ended (signal 9): " in out
    assert len(list(tmp_path.glob("results/*/done.json"))) == CELLS - 1
    end(study("--retry-failed"))
    assert_whole(tmp_path)


def test_ctrl_c_saves_the_cell_and_exits_130(study, tmp_path):
    running = study()
    cell_in_the_middle(running, tmp_path)
    running.send_signal(signal.SIGINT)
    out = end(running, code=130)
    assert "stopped; the same line goes on" in out
    end(study())
    assert_whole(tmp_path)


def test_two_processes_share_a_folder_and_do_nothing_twice(study, tmp_path):
    both = [study(), study()]
    for process in both:
        end(process)
    assert_whole(tmp_path)
    assert len(at_work(tmp_path)) == 2
