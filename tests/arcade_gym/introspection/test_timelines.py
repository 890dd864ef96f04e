"""One exchange asks all later decisions what `exchange_frames` asks each of them."""

import numpy as np
import pytest

from arcade_gym.introspection import (
    exchange_frames,
    exchange_patches,
    frame_effects,
    frame_norms,
    partners,
    patch_effects,
    recent_heat,
    record_trajectory,
    saliency_maps,
)
from arcade_gym.introspection.overlay import LEVELS
from arcade_gym.introspection.recent import resized, scaled, stepped
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.introspection import known

STEPS = 4
GRU = "pqn", "gru"


@pytest.fixture(scope="module")
def donors():
    return partners(known.episodes(), 0)


def test_partners_are_the_next_episode_and_of_no_frame_the_episode_itself():
    episodes = known.episodes()[:3]
    assert partners(episodes, 1) == [episodes[2]] * (STEPS + 1)
    env = kit.cue_env(delay=5)
    longer = record_trajectory(known.Recalling(), env, 0)
    mixed = [longer, episodes[0]]
    assert partners(mixed, 0) == [episodes[0]] * (STEPS + 1) + [longer] * 3


def test_effects_of_frames_are_those_of_each_decision(donors):
    network, episode = kit.network(*GRU), known.episodes()[0]
    found = frame_effects(network, episode, donors)
    assert found.change.shape == (STEPS + 1, STEPS + 1)
    for at in range(STEPS + 1):
        wanted = exchange_frames(network, episode, donors[: at + 1], at)
        assert found.change[at, : at + 1] == pytest.approx(wanted.change, abs=1e-5)
        assert np.array_equal(found.flipped[at, : at + 1], wanted.flipped)
        assert not found.change[at, at + 1 :].any()
        assert not found.flipped[at, at + 1 :].any()


def test_effects_of_patches_are_those_of_each_frame_and_decision(donors):
    network, episode = kit.network(*GRU), known.episodes()[0]
    found = patch_effects(network, episode, donors, patches=4, window=3)
    assert found.shape == (STEPS + 1, 3, 4, 4)
    for at in range(STEPS + 1):
        for place in range(3):
            frame = at - 2 + place
            if frame < 0:
                assert not found[at, place].any()
                continue
            wanted = exchange_patches(
                network, episode, donors[frame], frame=frame, at=at, patches=4
            )
            assert found[at, place] == pytest.approx(wanted.change, abs=1e-5)


def test_equal_patches_change_exactly_nothing():
    episode = known.episodes()[0]
    itself = [episode] * (STEPS + 1)
    found = patch_effects(kit.network(*GRU), episode, itself, patches=4, window=3)
    assert not found.any()


def test_what_is_remembered_is_seen_in_the_first_frame_only(donors):
    """The corner of the cue, and that of the other episode."""
    episodes = known.episodes()
    cue = known.corners()
    other = int(np.flatnonzero(cue != cue[0])[0])
    pair = [episodes[0], episodes[other]]
    heat = list(recent_heat(known.Recalling(), pair, 0))
    assert len(heat) == STEPS
    for at, one in enumerate(heat):
        first = one[-1 - at]
        assert first.any()
        assert not np.delete(one, len(one) - 1 - at, axis=0).any()
        quarters = first.reshape(2, 4, 2, 4).sum((1, 3)).ravel() > 0
        assert set(np.flatnonzero(quarters)) == {cue[0], cue[other]}


def test_heat_by_gradient_is_that_of_the_maps():
    network, episode = known.summing(), known.episodes()[0]
    heat = list(recent_heat(network, [episode], 0, by="gradient", window=3))
    for at, one in enumerate(heat):
        maps = saliency_maps(network, episode, at).mean(-1)
        seen = min(at + 1, 3)
        assert np.array_equal(one[-seen:], maps[-seen:])
        assert not one[:-seen].any()


@pytest.mark.slow
def test_by_both_measures_a_network_without_memory_looks_at_the_present_frame(donors):
    network, episodes = kit.network("pqn", "none"), known.episodes()
    effects = frame_effects(network, episodes[0], donors)
    assert not (effects.change - np.diag(np.diag(effects.change))).any()
    assert not frame_norms(network, episodes[0])[:, 1:].any()
    for by in ("exchange", "gradient"):
        for one in recent_heat(network, episodes[:2], 0, by=by):
            assert not one[:-1].any()


def test_heat_is_scaled_and_patches_fill_a_frame():
    heat = np.zeros((2, 2, 2), np.float32)
    heat[1, 0, 1], heat[0, 0, 0] = 4, 1
    shown = resized(scaled(heat), 6)
    assert shown.shape == (2, 6, 6)
    assert (shown[1, :3, 3:] == 1).all()
    assert (shown[0, :3, :3] == 0.25).all()
    assert shown.sum() == 9 * 1.25
    assert not scaled(np.zeros_like(heat)).any()


def test_heat_in_steps_is_near_and_keeps_both_ends():
    heat = np.linspace(0, 1, 999, dtype=np.float32).reshape(1, 27, 37)
    steps = stepped(heat)
    assert len(np.unique(steps)) == LEVELS
    assert (steps[0, 0, 0], steps[0, -1, -1]) == (0, 1)
    assert np.abs(np.sqrt(steps) - np.sqrt(heat)).max() <= 0.5001 / (LEVELS - 1)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda n, e: frame_effects(n, e, [e]), "frames 0 to 4 need as many donors"),
        (
            lambda n, e: patch_effects(n, e, [e] * 5, patches=0),
            "patches must be from 1",
        ),
        (
            lambda n, e: patch_effects(n, e, [e] * 5, window=0),
            "window must be at least",
        ),
        (lambda n, e: recent_heat(n, [e], 0), "at least two episodes, got 1"),
        (lambda n, e: recent_heat(n, [e], 0, by="grad"), "Did you mean 'gradient'"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(known.Recalling(), known.episodes()[0])


def test_donors_that_are_too_short_are_refused():
    short = record_trajectory(known.Recalling(), kit.cue_env(), 0, max_steps=1)
    donors = [short] * (STEPS + 1)
    with pytest.raises(ValueError, match="donor of frame 2 has 2 frames"):
        frame_effects(known.Recalling(), known.episodes()[0], donors)
