"""The agent of the player answers and attributes as the slow tools do."""

import equinox as eqx
import jax
import numpy as np
import pytest

from arcade_gym.baselines import Agent, RunConfig
from arcade_gym.baselines.evaluation import EVAL_SEED
from arcade_gym.baselines.levels import make_env
from arcade_gym.introspection import (
    exchange_frames,
    heat_of,
    live,
    overlay,
    record_trajectory,
    replay_outputs,
    saliency_maps,
)
from arcade_gym.introspection.live import LiveAgent
from jax_core.game import Visibility
from tests.arcade_gym.introspection import known

AT = 4  # the frame that is decided on


class OfNow(eqx.Module):
    """Scores are those of the present frame alone."""

    inner: known.Summing

    def initial_carry(self):
        return self.inner.initial_carry()

    def __call__(self, carry, obs, last_action, first):
        return self.inner(carry, obs, last_action, first | True)


def live_agent(network, env_id="CueEasy", algorithm="ppo"):
    config = RunConfig(
        algorithm=algorithm, env_id=env_id, partial_obs=True, obs_size=known.SIDE
    )
    return LiveAgent(Agent(network, config), "runs/a")


def shown(agent, episode, at=AT):
    """Shows an agent the frames of an episode up to one; returns the last thought."""
    steps = zip(episode.obs[: at + 1], [None, *map(int, episode.action)], strict=False)
    return [agent.see(frame, last_action) for frame, last_action in steps][-1]


@pytest.fixture(scope="module")
def network():
    return known.summing(0.5)


@pytest.fixture(scope="module")
def episode(network, own_cue):
    return record_trajectory(network, cue(), seed=7)


def cue():
    return make_env("CueEasy", partial_obs=True, obs_size=known.SIDE)


@pytest.fixture
def agent(network, own_cue):
    return live_agent(network)


def test_it_says_what_it_is(agent):
    assert (agent.env_id, agent.obs_size) == ("CueEasy", known.SIDE)
    assert agent.visibility is Visibility.PARTIAL


def test_thoughts_are_the_answers_of_the_network(agent, network, episode):
    wanted = replay_outputs(network, episode).scores
    for at in (0, AT):
        thought = shown(agent, episode, at)
        np.testing.assert_allclose(
            thought.scores, jax.nn.softmax(wanted[at]), rtol=1e-4, atol=1e-6
        )
        assert thought.action == wanted[at].argmax()


def test_values_are_shown_as_they_are(network, episode, own_cue):
    agent = live_agent(network, algorithm="pqn")
    assert agent.scores_are == "Q-value"
    wanted = replay_outputs(network, episode).scores[AT]
    np.testing.assert_allclose(shown(agent, episode).scores, wanted, rtol=1e-4)


def test_heat_is_that_of_the_saliency_maps(agent, network, episode):
    shown(agent, episode)
    look = agent.look()
    maps = saliency_maps(network, episode, AT)
    wanted = overlay(episode.obs[: AT + 1], heat_of(maps) ** 2).astype(int)
    assert np.abs(look.frames.astype(int) - wanted).max() <= 1


def test_weights_are_those_of_exchanging_frames(agent, network, episode):
    """The others are played by the same agent, with the first seeds of evaluations."""
    shown(agent, episode)
    look = agent.look()
    seeds = range(EVAL_SEED, EVAL_SEED + live.OTHERS)
    others = [record_trajectory(network, cue(), seed) for seed in seeds]
    changes = [
        exchange_frames(network, episode, [other] * (AT + 1), AT).change
        for other in others
    ]
    wanted = np.mean(changes, 0)
    np.testing.assert_allclose(look.weights, wanted / wanted.sum(), rtol=1e-4)
    assert look.earlier == 0  # the first frame is among the last eight


def test_all_weight_is_on_the_frame_that_is_remembered(episode, own_cue):
    agent = live_agent(known.Recalling())
    shown(agent, episode)
    weights = agent.look().weights
    assert weights[0] in (0, 1)  # 0 if no other episode has another cue
    assert not weights[1:].any()
    assert weights[0] == 1


def test_without_memory_all_weight_is_on_the_present(network, episode, own_cue):
    agent = live_agent(OfNow(network))
    shown(agent, episode)
    look = agent.look()
    assert look.weights.tolist() == [0, 0, 0, 0, 1]
    assert look.earlier == 0


def test_what_is_older_than_the_strip_is_one_weight(network):
    agent = live_agent(known.summing(0.9), "AutoEncodeEasy")
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (11, known.SIDE, known.SIDE, 3)).astype(np.uint8)
    for step, frame in enumerate(frames):
        agent.see(frame, 4 if step else None)
    look = agent.look()
    assert look.frames.shape == (live.FRAMES, known.SIDE, known.SIDE, 3)
    assert look.earlier > 0
    assert (look.weights > 0).all()
    assert look.weights.sum() + look.earlier == pytest.approx(1)
    assert (np.diff(look.weights) > 0).mean() > 0.5  # it fades


def test_what_is_older_is_weighed_by_the_past_of_another_episode(own_cue):
    network, at, first = known.summing(0.9), 10, 3  # frames of the strip: 3 to 10
    env = make_env("AutoEncodeEasy", partial_obs=True, obs_size=known.SIDE)
    seeds = (7, *range(EVAL_SEED, EVAL_SEED + live.OTHERS))
    own, *others = (record_trajectory(network, env, s, max_steps=at) for s in seeds)
    agent = live_agent(network, "AutoEncodeEasy")
    shown(agent, own, at)
    look = agent.look()
    before = replay_outputs(network, own).scores[at]

    def change(steps):
        """Of the decision, with the frames of some steps exchanged."""
        found = []
        for other in others:
            obs = own.obs.copy()
            obs[steps] = other.obs[steps]
            found.append(abs(replay_outputs(network, own, obs).scores[at] - before))
        return np.mean([one.sum() for one in found])

    wanted = np.array([change(step) for step in range(first, at + 1)])
    earlier = change(slice(0, first))
    total = wanted.sum() + earlier
    np.testing.assert_allclose(look.weights, wanted / total, rtol=1e-3, atol=1e-6)
    assert look.earlier == pytest.approx(earlier / total, rel=1e-3)
    assert earlier > 0


def test_a_frame_has_no_weight_where_no_other_episode_is_as_long(agent, network):
    """Cue has seven frames, of which six are decided on."""
    frame = np.zeros((known.SIDE, known.SIDE, 3), np.uint8)
    for step in range(8):
        agent.see(frame, 0 if step else None)
    weights = agent.look().weights
    assert (weights[:6] > 0).all()
    assert not weights[6:].any()


def test_an_episode_begins_with_an_empty_memory(agent, episode):
    first = shown(agent, episode)
    looked = agent.look()
    again = shown(agent, episode)
    np.testing.assert_array_equal(first.scores, again.scores)
    np.testing.assert_array_equal(looked.weights, agent.look().weights)


def test_compiling_leaves_nothing_to_compile(agent, episode):
    agent.compile()
    count = live._found._cached._cache_size()
    shown(agent, episode)
    agent.look()
    assert live._found._cached._cache_size() == count
