"""What a trained agent remembers is found where it is known: Cue, with four corners."""

from dataclasses import replace

import numpy as np
import pytest

from arcade_gym.baselines import load_agent, preset, train
from arcade_gym.introspection import (
    density_of,
    exchange_masked,
    frame_norms_at,
    record_trajectory,
    replay_outputs,
)
from jax_core import registry

EPISODES = 100
LAST = 5  # the frame that asks, after a cue and four of noise

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def agent(tmp_path_factory, own_cue):
    """A GRU that names the corner."""
    config = replace(
        preset("tiny", "ppo", "CueEasy"),
        partial_obs=True,
        memory="gru",
        total_steps=200_000,
        eval_every=8192,
        target_return=0.99,
        seed=77,
        out=tmp_path_factory.mktemp("known") / "cue",
    )
    report = train(config)
    assert report.mean("partial") >= 0.95
    return load_agent(report.path)


@pytest.fixture(scope="module")
def episodes(agent):
    env, _ = registry.make("CueEasy", partial_obs=True, obs_size=64)
    return [record_trajectory(agent, env, seed) for seed in range(EPISODES)]


@pytest.fixture(scope="module")
def found(agent, episodes):
    return density_of(agent, episodes)


@pytest.fixture(scope="module")
def differ(episodes):
    """Whether the next episode, which frames are taken from, has another cue."""
    corners = np.array([episode.states.corner[0] for episode in episodes])
    return corners != np.roll(corners, -1)


def test_the_frame_of_the_cue_has_most_of_the_density(found):
    assert found.share_by_age.argmax() == LAST
    assert found.share_by_age[LAST] >= 0.5


def test_exchanging_it_flips_as_many_decisions_as_cues_differ(found, differ):
    assert 0.6 < differ.mean() < 0.9  # three of four
    assert found.flips_by_age[LAST] == pytest.approx(differ.mean(), abs=0.05)
    assert (found.flips_by_age[:LAST] <= 0.05).all()


def test_exchanging_its_square_alone_does_the_same(agent, episodes, differ):
    flips = []
    for episode, donor in zip(episodes, [*episodes[1:], episodes[0]], strict=True):
        square = (episode.obs[0] != donor.obs[0]).any(-1)
        masks = np.stack([square, ~square])
        effects = exchange_masked(agent, episode, donor, masks, frame=0, at=LAST)
        flips.append(effects.flipped)
    assert np.mean(flips, 0)[0] == pytest.approx(differ.mean(), abs=0.05)
    assert np.mean(flips, 0)[1] <= 0.05


def test_exchanging_all_but_its_square_does_nothing(agent, episodes):
    """All other frames, too, at once; actions stay."""
    flips = []
    for episode, donor in zip(episodes, [*episodes[1:], episodes[0]], strict=True):
        square = (episode.obs[0] != donor.obs[0]).any(-1, keepdims=True)
        obs = donor.obs.copy()
        obs[0] = np.where(square, episode.obs[0], donor.obs[0])
        before, after = (replay_outputs(agent, episode, o) for o in (None, obs))
        flips.append(before.greedy[LAST] != after.greedy[LAST])
    assert np.mean(flips) <= 0.05


def test_the_gradient_does_not_find_it(agent, episodes):
    """Why exchange is the default: nothing but the first frame decides."""
    norms = np.stack([frame_norms_at(agent, one, LAST) for one in episodes[:16]])
    share = (norms / norms.sum(1, keepdims=True)).mean(0)
    assert share[0] < 0.5
