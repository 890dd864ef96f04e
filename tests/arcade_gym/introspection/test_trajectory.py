"""Recorded episodes are those that evaluations play, and get the same answers."""

import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import evaluate
from arcade_gym.introspection import record_trajectory, replay_outputs
from jax_core.game import Visibility
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.introspection import known


@pytest.mark.slow
@pytest.mark.parametrize("sample", [False, True], ids=["greedy", "sampled"])
def test_an_episode_is_the_one_that_an_evaluation_plays(sample):
    network, env = kit.network("ppo", "gru"), kit.cue_env()
    table = evaluate(network, env, seeds=range(4), sample=sample)
    played = [record_trajectory(network, env, seed, sample=sample) for seed in range(4)]
    assert [one.reward.sum() for one in played] == list(table.returns)
    assert [len(one) for one in played] == list(table.lengths)
    assert {one.ended for one in played} == {"terminated"}


def test_frames_are_those_of_the_states_in_the_view_that_was_seen():
    episode = known.episodes()[0]
    assert np.array_equal(episode.obs, episode.seen_in("partial"))
    full = episode.seen_in(Visibility.FULL)
    assert np.array_equal(full[0], episode.obs[0])
    assert not np.array_equal(full[1], episode.obs[1])


def test_a_replay_gives_the_answers_that_were_given_in_play():
    network = kit.network("pqn", "gru")
    episode = record_trajectory(network, kit.cue_env(), 5)
    outputs = replay_outputs(network, episode)
    assert outputs.scores.shape == (len(episode) + 1, 5)
    assert np.array_equal(outputs.greedy[:-1], episode.action)
    assert np.array_equal(outputs.value, outputs.scores.max(-1))


@pytest.mark.slow
def test_the_value_is_that_of_the_critic_where_there_is_one():
    network, episode = kit.network("ppo", "gru"), known.episodes()[0]
    rows = map(jnp.asarray, (episode.obs, episode.last_action, episode.first))
    _, _, value = network(network.initial_carry(), *rows)
    assert np.allclose(replay_outputs(network, episode).value, value, atol=1e-6)


def test_recording_stops_where_it_is_told_to():
    episode = record_trajectory(known.Recalling(), kit.cue_env(), 0, max_steps=2)
    assert len(episode) == 2
    assert len(episode.obs) == 3
    assert episode.ended is None
    with pytest.raises(ValueError, match="max_steps must be at least 1, got 0"):
        record_trajectory(known.Recalling(), kit.cue_env(), 0, max_steps=0)


def test_frames_of_another_size_are_refused():
    episode = known.episodes()[0]
    with pytest.raises(ValueError, match=r"\[5, 64, 64, 3\], got \[4, 64, 64, 3\]"):
        replay_outputs(known.Recalling(), episode, episode.obs[:-1])
