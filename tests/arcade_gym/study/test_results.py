"""Runs are read as they ended, and refused where they cannot be compared."""

import json
import math

import pytest

from arcade_gym.study import humans, results
from arcade_gym.study.cells import FAILED, Outcome
from arcade_gym.study.curves import published_score
from arcade_gym.study.folder import StudyFolder
from tests.arcade_gym.study import kit


@pytest.fixture
def cells(tmp_path):
    return kit.grid(tmp_path, memory=("none", "gru")).cells()


def test_a_run_is_read(tmp_path, cells):
    kit.write_run(cells[0], 0.75, 0.25)
    (record,) = results.read(tmp_path).records
    assert record.path == cells[0].folder
    assert record.config == cells[0]
    assert (record.level, record.view, record.version) == ("CartPoleEasy", "full", 0)
    assert (record.parameters, record.carry_bytes) == (32_000, 256)
    assert record.steps_per_second == 200  # without the chunk that compiles
    assert record.returns("full") == 0.75
    assert record.returns("partial", network="best") == 0.35
    assert record.curve == ((2048, 4096), (0.375, 0.75))
    assert record.published == pytest.approx(0.75)


def test_what_was_not_judged_is_named(tmp_path, cells):
    kit.write_run(cells[0], 0.75, 0.25)
    (record,) = results.read(tmp_path).records
    with pytest.raises(ValueError, match=r"last network, sampled.*best greedy full,"):
        record.returns("full", policy="sampled")


def test_runs_that_have_not_ended_are_left_out_and_named(tmp_path, cells):
    kit.write_run(cells[0], 0.5, 0.5)
    kit.write_run(cells[1], 0.5, 0.5, ended=False)
    found = results.read(tmp_path)
    assert [record.path for record in found.records] == [cells[0].folder]
    assert found.unfinished == (cells[1].folder,)
    for config in cells[:3]:  # of which the third has no folder
        StudyFolder(tmp_path).note(config, Outcome(FAILED, "no memory"))
    found = results.read(tmp_path)
    assert found.unfinished == (cells[1].folder, cells[2].folder)


def test_a_folder_without_ended_runs_is_refused(tmp_path, cells):
    with pytest.raises(FileNotFoundError, match="is no folder"):
        results.read(tmp_path / "missing")
    kit.write_run(cells[0], 0.5, 0.5, ended=False)
    with pytest.raises(
        FileNotFoundError, match=r"no run that has ended \(1 have begun"
    ):
        results.read(tmp_path)


@pytest.mark.parametrize("text", ['{"steps": 1', "\0\0"])  # cut off, and never written
@pytest.mark.parametrize("name", ["done.json", "metrics.jsonl", "eval.jsonl"])
def test_a_damaged_file_is_named(tmp_path, cells, name, text):
    kit.write_run(cells[0], 0.5, 0.5)
    (cells[0].folder / name).write_text(text)
    with pytest.raises(ValueError, match=rf"-s0/{name} is damaged: .*away"):
        results.read(tmp_path)


def test_mixed_versions_of_a_game_are_refused(tmp_path, cells):
    kit.write_run(cells[0], 0.5, 0.5)
    kit.write_run(cells[1], 0.5, 0.5, version=1)
    with pytest.raises(ValueError, match="-s1 of version 1: their rules") as told:
        results.read(tmp_path)
    assert "-s0 is of version 0 of CartPole" in str(told.value)
    assert "train it again" in str(told.value)


def test_another_version_than_this_one_is_refused(tmp_path, cells):
    kit.write_run(cells[0], 0.5, 0.5, version=7)
    with pytest.raises(ValueError, match="of version 7 of CartPole, and this is"):
        results.read(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"changes": {"total_steps": 8192}}, "other settings: total_steps: 4096 and"),
        ({"changes": {"width": 64}}, "other settings: width: 32 and 64"),
        ({"schedule": "published"}, "other settings: epsilon_fraction: 0.1 and 0.4"),
    ],
)
def test_mixed_settings_are_refused(tmp_path, options, message):
    one = {"views": ("full",), "memory": ("gru",), "seeds": 1}
    kit.write_study(tmp_path / "a", lambda _: (0.5, 0.5), **one)
    kit.write_study(tmp_path / "b", lambda _: (0.5, 0.5), **one, **options)
    with pytest.raises(ValueError, match=message):
        results.read(tmp_path)


def test_memories_may_differ_in_their_width(tmp_path):
    kit.write_study(
        tmp_path, lambda _: (0.5, 0.5), memory=("none", "gru"), match="parameters"
    )
    widths = {r.config.memory: r.config.width for r in results.read(tmp_path).records}
    assert widths["none"] != widths["gru"]


def brute_force(points):
    """The exponential mean of span 100 from its definition, at 1,000 points."""
    first, last = points[0][0], points[-1][0]
    curve = []
    for i in range(1000):
        at = first + (last - first) * i / 999
        after = next(k for k, (steps, _) in enumerate(points) if steps >= at - 1e-9)
        if after == 0:
            curve.append(points[0][1])
            continue
        (x0, y0), (x1, y1) = points[after - 1], points[after]
        curve.append(y0 + (y1 - y0) * (at - x0) / (x1 - x0))
    alpha = 2 / 101
    best = -math.inf
    for i in range(0, 1000, 37):  # some of the places; the last is checked as well
        weights = [(1 - alpha) ** (i - k) for k in range(i + 1)]
        mean = sum(w * c for w, c in zip(weights, curve, strict=False)) / sum(weights)
        best = max(best, mean)
    return best


def test_the_score_of_the_paper_is_the_maximum_of_a_smoothed_curve():
    points = [(100, 0.1), (400, 0.6), (500, 0.3), (900, 0.9)]
    assert published_score(points) == pytest.approx(brute_force(points), abs=0.01)
    assert published_score([(100, 0.4)]) == pytest.approx(0.4)
    falling = [(0, 1.0), (1000, 0.0)]
    assert published_score(falling) == pytest.approx(1.0)
    assert math.isnan(published_score([]))


def test_logs_of_people_are_read(tmp_path):
    log = tmp_path / "mine.jsonl"
    episode = {"id": "SkittlesEasy", "view": "full", "return": 0.5, "end": "terminated"}
    episodes = [
        episode,
        episode | {"return": 0.7, "end": "truncated"},
        episode | {"view": "partial", "return": 0.2},
        episode | {"view": "mixed", "return": 1.0},
        episode | {"end": "abandoned", "return": 0.0},
        episode | {"id": "lamp.py:LampEasy"},
    ]
    kit.write_lines(log, episodes)
    assert humans.read([log]) == {
        ("SkittlesEasy", "full"): [0.5, 0.7],
        ("SkittlesEasy", "partial"): [0.2],
        ("LampEasy", "full"): [0.5],
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "line 1 is no JSON"), (json.dumps({"id": "x"}), "line 1 is no episode of")],
)
def test_other_files_are_no_logs(tmp_path, line, message):
    log = tmp_path / "mine.jsonl"
    log.write_text(line + "\n")
    with pytest.raises(ValueError, match=message):
        humans.read([log])
