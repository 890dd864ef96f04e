"""A sweep does what is left, once; what fails or is taken does not stop the rest."""

import re

import pytest

from arcade_gym.study import estimates
from arcade_gym.study.cells import BUSY, DONE, FAILED, STOPPED, Outcome
from arcade_gym.study.estimates import Speed
from arcade_gym.study.folder import StudyFolder
from arcade_gym.study.sweep import in_words, one_by_one, sweep
from arcade_gym.study.worker import Worker
from tests.arcade_gym.study import kit


@pytest.fixture
def folder(tmp_path):
    return StudyFolder(tmp_path)


@pytest.fixture
def cells(tmp_path):
    return kit.grid(tmp_path, memory=("none", "gru"), views=("full",)).cells()


class Trainer:
    """Ends cells as it is told, each with the next outcome of its list."""

    def __init__(self, **plans):
        self.plans = {name: list(plan) for name, plan in plans.items()}
        self.asked = []

    def __call__(self, config):
        name = short(config)
        self.asked.append(name)
        plan = self.plans.get(name, [DONE])
        status = plan.pop(0) if len(plan) > 1 else plan[0]
        if status == DONE:
            kit.write_run(config, 0.5, 0.5)
        return Outcome(status, f"because {status}")


def short(config):
    return f"{config.memory}{config.seed}"


def swept(folder, cells, trainer, **options):
    lines = []
    tally = sweep(folder, cells, one_by_one(trainer), say=lines.append, **options)
    return tally, lines


def test_done_cells_are_skipped(folder, cells):
    kit.write_run(cells[1], 0.5, 0.5)
    trainer = Trainer()
    tally, lines = swept(folder, cells, trainer)
    assert trainer.asked == ["none0", "gru0", "gru1"]
    assert len(tally.done) == 4
    assert lines[0] == "4 cells: 1 done, 0 failed earlier, 3 to do"
    assert lines[1].startswith("[2/4] CartPoleEasy-full-pqn-none-s0: done, because")
    assert "left" in lines[1]
    assert lines[-1].startswith("[4/4] ")
    again = Trainer()
    _, lines = swept(folder, cells, again)
    assert lines == ["4 cells: 4 done, 0 failed earlier, 0 to do"]
    assert again.asked == []


def test_a_failure_does_not_stop_the_rest_and_waits_to_be_retried(folder, cells):
    tally, _ = swept(folder, cells, Trainer(gru0=[FAILED]))
    assert [short(config) for config in tally.done] == ["none0", "none1", "gru1"]
    ((failed, reason),) = tally.failed
    assert (short(failed), reason) == ("gru0", "because failed")
    again = Trainer()
    tally, lines = swept(folder, cells, again)
    assert again.asked == []
    assert [reason for _, reason in tally.failed] == ["because failed"]
    assert lines == ["4 cells: 3 done, 1 failed earlier, 0 to do"]
    tally, _ = swept(folder, cells, again, retry_failed=True)
    assert again.asked == ["gru0"]
    assert len(tally.done) == 4
    assert folder.failed(failed) is None


def test_what_fails_at_once_promises_no_early_end(folder, cells):
    lines = swept(folder, cells, Trainer(none0=[FAILED]))[1]
    assert lines[1].endswith("none-s0: failed, because failed")
    assert re.search(r"none-s1: done, because done; about \d+ s left", lines[2])


def test_what_fails_elsewhere_in_the_meantime_is_not_tried_again(folder, cells):
    folder.note(cells[0], Outcome(FAILED, "no memory"))
    worker = Worker(folder)
    assert worker(cells[0]) == (FAILED, "no memory")
    assert worker._process is None


def test_a_taken_cell_is_looked_at_again_at_the_end(folder, cells):
    trainer = Trainer(none1=[BUSY, DONE])
    tally, _ = swept(folder, cells, trainer)
    assert trainer.asked == ["none0", "none1", "gru0", "gru1", "none1"]
    assert len(tally.done) == 4
    assert not tally.busy


def test_nobody_waits_for_cells_that_stay_taken(folder, cells):
    trainer = Trainer(none0=[BUSY], gru1=[BUSY])
    tally, _ = swept(folder, cells, trainer)
    assert [short(config) for config in tally.busy] == ["none0", "gru1"]
    assert trainer.asked[4:] == ["none0", "gru1"]
    assert not tally.failed


def test_a_stopped_cell_ends_the_sweep(folder, cells):
    trainer = Trainer(none1=[STOPPED])
    tally, _ = swept(folder, cells, trainer)
    assert tally.stopped
    assert trainer.asked == ["none0", "none1"]


def test_folders_with_other_runs_are_refused(folder, cells, tmp_path):
    kit.write_run(cells[0], 0.5, 0.5)
    folder.check(cells)
    changed = {"changes": {"total_steps": 8192}, "memory": ("none",)}
    with pytest.raises(ValueError, match=r"other settings .*total_steps.*--out"):
        folder.check(kit.grid(tmp_path, **changed).cells())
    kit.write_run(cells[1], 0.5, 0.5, version=3)
    with pytest.raises(ValueError, match="version 3 of CartPoleEasy, and this is"):
        folder.check(cells)
    cells[2].folder.mkdir()
    (cells[2].folder / "notes.txt").touch()
    with pytest.raises(FileExistsError, match="holds no run"):
        folder.check(cells[2:])


def test_estimates_follow_finished_cells(cells):
    """41 seconds for 4096 steps, whatever the seed."""
    kit.write_run(cells[0], 0.5, 0.5)
    speeds = estimates.of_finished(cells)
    assert list(speeds) == [("none", "CartPoleEasy")]
    assert estimates.total_seconds(cells[1:2], speeds) == pytest.approx(41)
    assert estimates.total_seconds(cells[1:], speeds) == pytest.approx(3 * 41)
    assert estimates.total_seconds(cells, {}) is None


def test_what_was_not_seen_is_as_fast_as_what_is_nearest(cells):
    speeds = {
        ("none", "SkittlesEasy"): Speed(4096.0, 2.0, "measured"),
        ("lru", "SkittlesEasy"): Speed(1024.0, 5.0, "measured"),
    }
    none, gru = cells[0], cells[2]
    assert estimates.total_seconds([none], speeds) == pytest.approx(2 + 1)
    assert estimates.total_seconds([gru], speeds) == pytest.approx(5 + 4)


@pytest.mark.parametrize(
    ("seconds", "text"), [(41.3, "41 s"), (125.0, "2 min"), (9000.0, "2.5 h")]
)
def test_times_are_told_roughly(seconds, text):
    assert in_words(seconds) == text
