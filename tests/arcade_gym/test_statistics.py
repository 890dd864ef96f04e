"""Returns and lengths of episodes, counted on the device."""

from types import SimpleNamespace

import gymnasium
import jax
import numpy as np
import pytest

from arcade_gym.lanes import infos
from tests.arcade_gym.kit import BACKENDS, MODES, make, random_actions

STEPS = 14


def reset_ended(envs, mode, ended):
    if mode == "Disabled" and ended.any():
        envs.reset(options={"reset_mask": ended})


@pytest.mark.parametrize("mode", MODES)
def test_statistics_equal_those_of_gymnasiums_wrapper(mode):
    """Return, length, mask and the steps at which the keys appear."""
    options = {"game": "Skittles", "backend": "numpy", "autoreset_mode": mode}
    ours = make(record_episode_statistics=True, **options)
    theirs = gymnasium.wrappers.vector.RecordEpisodeStatistics(make(**options))
    mask = np.array([True, False, False])
    for envs in (ours, theirs):
        envs.reset(seed=0)
    reported = 0
    for step, action in enumerate(random_actions(STEPS, 3)):
        if step == 3:  # from here on the lanes end at different steps
            for envs in (ours, theirs):
                envs.reset(options={"reset_mask": mask.copy()})
        *_, info = ours.step(action)
        *_, terminated, truncated, wanted = theirs.step(action)
        assert set(info) == set(wanted)
        if "episode" in wanted:
            reported += wanted["_episode"].sum()
            assert set(info["episode"]) == {"r", "l", "t"}
            assert np.array_equal(info["_episode"], wanted["_episode"])
            assert np.allclose(info["episode"]["r"], wanted["episode"]["r"], atol=1e-6)
            assert np.array_equal(info["episode"]["l"], wanted["episode"]["l"])
            assert (info["episode"]["t"] > 0).tolist() == info["_episode"].tolist()
        for envs in (ours, theirs):
            reset_ended(envs, mode, terminated | truncated)
    assert reported >= 5


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_device_backends_always_report_and_mask(backend):
    envs = make(game="Skittles", backend=backend, record_episode_statistics=True)
    host = make(game="Skittles", backend="numpy", record_episode_statistics=True)
    envs.reset(seed=0)
    host.reset(seed=0)
    for action in random_actions(STEPS, 3):
        *_, info = envs.step(action)
        *_, wanted = host.step(action)
        assert set(info) == {"episode", "_episode"}
        assert isinstance(info["_episode"], BACKENDS[backend])
        assert isinstance(info["episode"]["r"], BACKENDS[backend])
        if wanted:
            for key in ("r", "l"):
                assert np.array_equal(info["episode"][key], wanted["episode"][key])
        else:
            assert not np.asarray(info["_episode"]).any()
            assert not np.asarray(info["episode"]["l"]).any()


@pytest.mark.parametrize("mode", MODES)
def test_totals_are_the_sums_of_what_was_reported(mode):
    envs = make(
        game="Skittles",
        backend="numpy",
        autoreset_mode=mode,
        record_episode_statistics=True,
    )
    envs.reset(seed=0)
    empty = envs.pop_episode_totals()
    assert empty["episodes"] == 0
    assert np.isnan(empty["return"])
    returns, lengths = [], []
    for action in random_actions(STEPS, 3):
        *_, terminated, truncated, info = envs.step(action)
        if info.get("episode"):
            returns += info["episode"]["r"][info["_episode"]].tolist()
            lengths += info["episode"]["l"][info["_episode"]].tolist()
        reset_ended(envs, mode, terminated | truncated)
    totals = envs.pop_episode_totals()
    assert totals["episodes"] == len(returns) >= 6
    assert totals["return"] == pytest.approx(np.mean(returns), abs=1e-6)
    assert totals["length"] == np.mean(lengths) == 5
    assert envs.pop_episode_totals()["episodes"] == 0


def watched(monkeypatch, mode):
    """A clock that the test sets, and lanes whose episodes begin when it shows 0."""
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr(infos, "time", clock)
    envs = make(
        game="Skittles",
        backend="numpy",
        autoreset_mode=mode,
        record_episode_statistics=True,
    )
    envs.reset(seed=0)
    return now, envs


@pytest.mark.parametrize(
    ("mode", "seconds"), [("SameStep", [5, 5]), ("NextStep", [5, 6])]
)
def test_seconds_start_anew_where_an_episode_ends(monkeypatch, mode, seconds):
    now, envs = watched(monkeypatch, mode)
    taken = []
    for _ in range(11):
        now[0] += 1
        info = envs.step([0, 0, 0])[4]
        if "episode" in info:
            taken.append(info["episode"]["t"].tolist())
    assert taken == [[each] * 3 for each in seconds]


@pytest.mark.parametrize("mode", MODES)
def test_seconds_start_anew_with_a_masked_reset(monkeypatch, mode):
    now, envs = watched(monkeypatch, mode)
    now[0] = 100.0
    envs.reset(options={"reset_mask": np.array([False, True, False])})
    for _ in range(5):
        now[0] += 1
        info = envs.step([0, 0, 0])[4]
    assert info["episode"]["t"].tolist() == [105, 5, 105]


def test_waiting_lanes_are_counted_once():
    envs = make(
        game="Skittles", autoreset_mode="Disabled", record_episode_statistics=True
    )
    envs.reset(seed=0)
    masks = [np.asarray(envs.step([0, 0, 0])[4]["_episode"]) for _ in range(8)]
    assert [mask.tolist() for mask in masks] == [
        *[[False] * 3] * 4,
        [True] * 3,
        *[[False] * 3] * 3,
    ]
    assert envs.pop_episode_totals()["episodes"] == 3


def test_statistics_never_touch_the_host():
    envs = make(record_episode_statistics=True, game="Skittles")
    envs.reset(seed=0)
    actions = jax.numpy.zeros(3, jax.numpy.int32)
    envs.step(actions)
    with jax.transfer_guard("disallow"):
        for _ in range(7):
            envs.step(actions)
