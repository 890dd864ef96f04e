"""Whoever changes a rule on purpose is told what to do, and it works."""

import shutil
from pathlib import Path

import numpy as np

from tests import rules_change, transitions


def test_a_changed_picture_says_what_to_do_next():
    told = rules_change.golden_advice("TetrisHard", "TetrisHard-full.png", 7)
    assert "TetrisHard-full.png differs" in told
    assert "in 7 pixels" in told
    assert "Raise `version` of Tetris in jax_core/games/tetris.py, which is 0" in told
    assert "CHANGELOG.md and in the docstring" in told
    assert "--update-golden" in told
    assert (Path(__file__).parent / "rendering" / "test_golden_frames.py").exists()


def test_changed_rules_say_what_to_do_next():
    told = rules_change.transition_advice("NoisyCartPoleEasy", {"x": 3, "reward": 1})
    assert "x in 3 rows, reward in 1 rows" in told
    assert "version` of NoisyCartPole in jax_core/games/cartpole.py" in told
    assert "python -m tests.transitions NoisyCartPoleEasy N" in told


def test_a_difference_becomes_a_correction(tmp_path, monkeypatch):
    """As if the rules had changed since: here the recording is changed."""
    path = tmp_path / "NavigatorEasy.npz"
    shutil.copy(transitions.FOLDER / path.name, path)
    monkeypatch.setattr(transitions, "FOLDER", tmp_path)
    with np.load(path) as archive:
        arrays = dict(archive)
    before = arrays["corrected"].copy()
    rewards, states = np.array([3, 5]), np.array([5, 8, 9])
    arrays["reward"][rewards] = arrays["ours.reward"][rewards] = 0.5
    arrays["after.score"][states] += 1
    np.savez_compressed(path, **arrays)
    changed = {"score": 3, "reward": 2}
    assert transitions.mismatches(
        "NavigatorEasy", transitions.load("NavigatorEasy")
    ) == (changed)
    assert transitions.accept("NavigatorEasy", 6) == changed
    recording = transitions.load("NavigatorEasy")
    assert transitions.mismatches("NavigatorEasy", recording) == {}
    marked = np.flatnonzero(recording.corrected != before)
    assert marked.tolist() == [3, 5, 8, 9]
    assert (recording.corrected[marked] & 32 == 32).all()
    differs = ~np.isclose(recording.recorded["reward"], recording.ours["reward"])
    assert (recording.corrected[differs] > 0).all()
