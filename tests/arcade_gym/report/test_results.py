"""Numbers of runs come from their logs, or are played now."""

import numpy as np
import pytest

from arcade_gym.baselines import cross_evaluate
from arcade_gym.baselines.evaluation import TEST_SEED
from arcade_gym.report import Settings
from arcade_gym.report.results import estimate, evaluations, judged, rollouts
from arcade_gym.report.runs import load_runs, short_names
from tests.arcade_gym.report import folders


@pytest.fixture
def run(two_runs):
    return load_runs(two_runs, "best")[0]


def test_curves_are_those_of_the_logs(run):
    curve = evaluations(run)
    assert list(curve.steps) == list(folders.STEPS)
    assert curve.mean == pytest.approx([0, 0.25, 0.5])
    assert (curve.low <= curve.mean).all()
    assert (curve.mean <= curve.high).all()
    steps, means = rollouts(run)
    assert list(steps) == list(folders.STEPS[1:])  # nothing had ended before
    assert means == pytest.approx(np.array(folders.STEPS[1:]) / 400)


@pytest.mark.parametrize(("network", "own", "other"), [("best", 4, 1), ("last", 3, 0)])
def test_returns_are_those_of_the_judgement(two_runs, network, own, other):
    policy, values = load_runs(two_runs, network)
    found = judged(policy, Settings(network=network))
    assert {way: some.sum() for way, some in found.items()} == {
        ("partial", "greedy"): own,
        ("partial", "sampled"): own,
        ("full", "greedy"): other,
        ("full", "sampled"): other,
    }
    assert set(judged(values, Settings(network=network))) == {
        ("full", "greedy"),
        ("partial", "greedy"),
    }


def test_a_run_that_is_not_judged_yet_is_played(two_runs, tmp_path):
    path = folders.untrained(tmp_path / "x", "ppo", memory="gru")
    lines = (path / "eval.jsonl").read_text().splitlines(keepends=True)
    (path / "eval.jsonl").write_text("".join(lines[:3]))
    (run,) = load_runs([path], "best")
    found = judged(run, Settings(episodes=5))
    seeds = range(TEST_SEED, TEST_SEED + 5)
    tables = cross_evaluate(run.agent.network, "CueEasy", 64, seeds=seeds)
    for view in ("full", "partial"):
        assert list(found[view, "greedy"]) == list(tables[view].returns)


def test_a_line_that_is_being_written_is_left_out(tmp_path, own_cue):
    path = folders.untrained(tmp_path / "x")
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "tra')
    (run,) = load_runs([path], "best")
    assert len(run.metrics) == len(folders.STEPS)
    (path / "metrics.jsonl").write_text('{"kind"\n{}\n')
    with pytest.raises(ValueError, match=r"metrics\.jsonl is damaged in line 1"):
        load_runs([path], "best")


def test_an_interval_holds_the_mean():
    found = estimate([0.0] * 30 + [1.0] * 70)
    assert found.mean == pytest.approx(0.7)
    assert 0.58 < found.low < 0.64
    assert 0.76 < found.high < 0.82


def test_names_are_as_short_as_they_can_be(tmp_path):
    assert short_names([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    names = short_names([tmp_path / "x" / "a", tmp_path / "y" / "a"])
    assert names == ["x/a", "y/a"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"episodes": 1}, "episodes must be from 2 to 100000, got 1"),
        ({"episodes": 3, "shown": 4}, "shown must be from 1 to 3, got 4"),
        ({"max_steps": 0}, "max_steps must be from 1 to 1000, got 0"),
        ({"kind": "nois"}, "Did you mean 'noise'"),
        ({"target": "valu"}, "Did you mean 'value'"),
        ({"seed": -1}, "seed must be from 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Settings(**changes)
