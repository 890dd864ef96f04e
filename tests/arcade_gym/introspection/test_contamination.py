"""Spoiled frames do what they must, and orders that change nothing change nothing."""

import numpy as np
import pytest

from arcade_gym.introspection import Perturbation, contaminate
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.introspection import known

LAST = 3


def test_only_the_frame_that_is_remembered_can_be_spoiled():
    found = contaminate(known.Recalling(), known.episodes(), "black")
    assert found.perturbation is Perturbation.BLACK
    assert not found.change_by_age[:LAST].any()
    assert found.change_by_age[LAST] == 1  # no corner is brighter than another
    kept = known.corners() == 0  # of equal scores the first is the best
    assert found.flips_by_age[LAST] == pytest.approx(1 - kept.mean())
    assert not found.flips_by_age[:LAST].any()


def test_swapping_and_reversing_bring_another_frame_to_the_front():
    episodes = known.episodes()
    for kind in ("swap", "reverse"):
        found = contaminate(known.Recalling(), episodes, kind)
        spoiled = [change > 0 for change in found.change]
        # Frame 0 alone has no other order; a swap moves it with frame 1 only.
        moved = [False, True, kind == "reverse", kind == "reverse"]
        assert all(list(one) == moved for one in spoiled)


@pytest.mark.parametrize("kind", ["swap", "reverse", "shuffle"])
def test_the_order_of_equal_frames_does_not_matter(kind):
    equal = [same_frames(episode) for episode in known.episodes()[:2]]
    found = contaminate(kit.network("pqn", "gru"), equal, kind)
    assert not found.change_by_age.any()
    assert not found.flips_by_age.any()


def same_frames(episode):
    obs = np.broadcast_to(episode.obs[:1], episode.obs.shape).copy()
    return type(episode)(**vars(episode) | {"obs": obs})


def test_the_other_view_is_that_of_the_same_state():
    episodes = known.episodes()[:4]
    network = known.summing(1.0)
    found = contaminate(network, episodes, "other_view")
    weights = np.asarray(network.weights)
    for episode, change in zip(episodes, found.change, strict=True):
        moved = (episode.seen_in("full").astype(float) - episode.obs) / 255
        by_frame = advantage(np.einsum("fijc,aijc->fa", moved, weights))
        images = episode.obs[: LAST + 1] / 255
        before = advantage(np.einsum("fijc,aijc->a", images, weights))
        expected = np.linalg.norm(by_frame[: LAST + 1], axis=1)
        assert np.allclose(change, expected / np.linalg.norm(before), rtol=1e-3)


def advantage(scores):
    return scores - scores.mean(-1, keepdims=True)


def test_noise_is_drawn_by_the_seed():
    network, episodes = kit.network("pqn", "gru"), known.episodes()[:2]
    first, again, other = (
        contaminate(network, episodes, "noise", seed=seed).change_by_age
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first > 0).all()


def test_an_unknown_perturbation_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'shuffle'"):
        contaminate(known.Recalling(), known.episodes(), "shufle")
    with pytest.raises(ValueError, match="at least one trajectory"):
        contaminate(known.Recalling(), [], "noise")
