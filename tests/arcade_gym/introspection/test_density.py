"""Exchange finds the frame that decides, where it is known which one does."""

import numpy as np
import pytest

from arcade_gym.introspection import (
    density_of,
    exchange_frames,
    exchange_masked,
    exchange_patches,
    recall_density,
    record_trajectory,
)
from arcade_gym.introspection.density import binned, by_age
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.introspection import known

LAST = 3  # the frame that asks, after a cue and two of noise


@pytest.fixture(scope="module")
def by_exchange():
    return density_of(known.Recalling(), known.episodes(), bins=8)


def test_the_frame_that_decides_has_all_of_the_density(by_exchange):
    for share in by_exchange.share:
        assert np.array_equal(share, [1, 0, 0, 0])
    assert np.array_equal(by_exchange.share_by_age, [0, 0, 0, 1])
    assert by_exchange.thirds == pytest.approx([0.75 + 0.25, 0, 0])
    assert by_exchange.mean == pytest.approx([4, 4, 0, 0, 0, 0, 0, 0])


def test_exchanging_it_flips_as_many_decisions_as_cues_differ(by_exchange):
    cues = known.corners()
    differ = cues != np.roll(cues, -1)  # the next episode is the donor
    assert by_exchange.left_out == (~differ).sum() > 0
    flips = [flips[0] for flips in by_exchange.flipped]
    assert sum(flips) == differ.sum()
    assert not any(flips[1:].any() for flips in by_exchange.flipped)


def test_an_interval_holds_the_mean_and_is_none_where_all_agree(by_exchange):
    assert np.array_equal(by_exchange.low, by_exchange.high)
    mixed = density_of(kit.network("pqn", "gru"), known.episodes(), bins=8)
    assert (mixed.low <= mixed.mean).all()
    assert (mixed.mean <= mixed.high).all()
    assert (mixed.low < mixed.high).any()
    assert mixed.mean.mean() == pytest.approx(1)


@pytest.mark.parametrize("by", ["exchange", "gradient"])
def test_without_memory_all_density_is_on_the_last_frame(by):
    network, env = kit.network("pqn", "none"), kit.cue_env()
    options = {"by": by, "bins": 4, "max_steps": LAST}  # ends with noise
    found = recall_density(network, env, range(4), **options)
    assert found.by == by
    assert found.left_out == 0
    for share in found.share:
        assert share[-1] == 1
        assert not share[:-1].any()


def test_the_gradient_of_a_sum_is_as_its_weights_fade():
    found = density_of(known.summing(0.5), known.episodes()[:3], by="gradient")
    expected = 0.5 ** np.arange(LAST + 1)
    assert found.share_by_age == pytest.approx(expected / expected.sum(), rel=1e-4)
    assert found.flipped == ()


def test_what_counts_in_a_frame_is_the_square_of_the_cue():
    first, second = different_cues()
    square = lit(first) | lit(second)
    masks = np.stack([square, ~square])
    effects = exchange_masked(known.Recalling(), first, second, masks, frame=0, at=LAST)
    assert list(effects.flipped) == [True, False]
    assert effects.change[1] == 0


def test_patches_show_where_in_the_frame_it_was():
    first, second = different_cues()
    effects = exchange_patches(
        known.Recalling(), first, second, frame=0, at=LAST, patches=2
    )
    differ = (first.obs[0] != second.obs[0]).any(-1)
    expected = differ.reshape(2, 32, 2, 32).any((1, 3))
    assert np.array_equal(effects.change > 0, expected)


def different_cues():
    first, *others = known.episodes()
    cue_of = lambda episode: int(episode.states.corner[0])  # noqa: E731
    return first, next(one for one in others if cue_of(one) != cue_of(first))


def lit(episode):
    """Pixels of the lit corner in the first frame."""
    return (episode.obs[0] == 255).all(-1)


def test_a_frame_of_the_same_episode_changes_nothing():
    episode = known.episodes()[0]
    network = kit.network("pqn", "gru")
    effects = exchange_frames(network, episode, [episode] * (LAST + 1), LAST)
    assert not effects.change.any()
    assert not effects.flipped.any()


def test_frames_that_no_other_episode_has_count_as_nothing():
    env = kit.cue_env(delay=5)
    longer = record_trajectory(kit.network("pqn", "gru"), env, 0)
    found = density_of(kit.network("pqn", "gru"), [longer, *known.episodes()[:2]])
    beyond = found.share[0][LAST + 2 :]
    assert len(beyond) == 2
    assert not beyond.any()
    assert list(found.episodes_by_age) == [3] * (LAST + 1) + [1] * 3


def test_frames_are_divided_between_bins():
    share = np.array([0.5, 0.0, 0.5])
    assert binned(share, 2) == pytest.approx([1.0, 1.0])
    assert binned(share, 6) == pytest.approx([1.5, 1.5, 0, 0, 1.5, 1.5])
    assert binned(share, 3) == pytest.approx(share * 3)


def test_ages_are_counted_from_the_end():
    values = [np.array([1.0, 2.0]), np.array([3.0])]
    assert list(by_age(values)) == [2.5, 1.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": "exchang"}, "Did you mean 'exchange'"),
        ({"by": "gradient", "target": "q"}, "Unknown target 'q'"),
        ({"seeds": [3]}, "at least two episodes, got 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes, message):
    options = {"seeds": range(2)} | changes
    with pytest.raises(ValueError, match=message):
        recall_density(kit.network("pqn", "none"), kit.cue_env(), **options)


def test_a_network_that_looks_at_nothing_is_refused():
    with pytest.raises(ValueError, match="no frame of any episode"):
        density_of(known.summing(), [blind(one) for one in known.episodes()[:2]])


def test_an_episode_without_a_step_is_refused():
    empty = without_steps(known.episodes()[0])
    with pytest.raises(ValueError, match="at least one step, and number 1 of 2"):
        density_of(known.Recalling(), [known.episodes()[0], empty])
    with pytest.raises(ValueError, match="at least one trajectory"):
        density_of(known.Recalling(), [])


def without_steps(episode):
    none = {"action": episode.action[:0], "reward": episode.reward[:0]}
    return type(episode)(**vars(episode) | none | {"obs": episode.obs[:1]})


def blind(episode):
    """The same episode with black frames, which are the same in all episodes."""
    return type(episode)(**vars(episode) | {"obs": np.zeros_like(episode.obs)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patches": 0}, "patches must be from 1 to 64, got 0"),
        ({"frame": 4}, "frame must be from 0 to 3"),
    ],
)
def test_patches_that_are_not_there_are_refused(changes, message):
    options = {"frame": 0, "at": LAST} | changes
    with pytest.raises(ValueError, match=message):
        exchange_patches(known.Recalling(), *known.episodes()[:2], **options)


def test_donors_must_be_one_for_each_frame_and_long_enough():
    episode = known.episodes()[0]
    with pytest.raises(ValueError, match="frames 0 to 3 need as many donors, got 1"):
        exchange_frames(known.Recalling(), episode, [episode], LAST)
    short = record_trajectory(known.Recalling(), kit.cue_env(), 0, max_steps=1)
    with pytest.raises(ValueError, match="donor of frame 2 has 2 frames"):
        exchange_frames(known.Recalling(), episode, [short] * (LAST + 1), LAST)
