"""Evaluations against episodes that are played by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from arcade_gym.baselines import evaluation, state
from arcade_gym.baselines.evaluation import EVAL_SEED, TEST_SEED, evaluate
from arcade_gym.playing.match import Match
from jax_core.game import Move, Visibility
from tests.arcade_gym.baselines import kit

SEEDS = [TEST_SEED + 5, 3, EVAL_SEED, 2**32 - 1, 17]


class Rule(eqx.Module):
    """A network without weights: right where bright pixels lie right, else left.

    Its memory counts frames since the start of the episode, and every seventh action
    is "fire", so that a forgotten start flag changes the play.
    """

    fires: bool = True

    def initial_carry(self):
        return jnp.int32(0)

    def __call__(self, carry, obs, last_action, first):
        carry = jnp.where(first[0], 0, carry)
        side = obs.shape[1] // 2
        light = obs.astype(jnp.float32).sum((0, 1, 3))
        right = light[side:].sum() > light[:side].sum()
        action = jnp.where(right, Move.RIGHT, Move.LEFT)
        action = jnp.where((carry % 7 == 6) & self.fires, Move.FIRE, action)
        return carry + 1, jax.nn.one_hot(action, 5)[None]


def by_hand(env_id, seed, view, rule):
    """Return, length and truncation of the episode that a person would play."""
    match = Match(env_id, partial_obs=view == "partial", obs_size=64, seed=seed)
    match.restart()
    choose = jax.jit(rule)
    carry, last_action = rule.initial_carry(), -1
    while not match.end:
        first = jnp.array([match.length == 0])
        seen = jnp.asarray(match.frame)[None], jnp.array([last_action]), first
        carry, scores = choose(carry, *seen)
        last_action = int(scores[0].argmax())
        match.step(Move(last_action))
    return match.total, match.length, match.end == "truncated"


@pytest.mark.parametrize(
    "view", [Visibility.PARTIAL, pytest.param(Visibility.FULL, marks=pytest.mark.slow)]
)
def test_the_episode_of_a_seed_is_the_one_that_a_person_plays(view):
    env, _ = jax_core.make("SkittlesEasy", partial_obs=view == "partial", obs_size=64)
    table = evaluate(Rule(), env, seeds=SEEDS, num_envs=2)
    assert table.seeds.tolist() == SEEDS
    for i in (0, 3):
        found = table.returns[i], table.lengths[i], table.truncated[i]
        wanted = by_hand("SkittlesEasy", SEEDS[i], view, Rule())
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.slow
def test_episodes_do_not_depend_on_those_played_beside_them():
    env, _ = jax_core.make("SkittlesEasy", obs_size=64)
    together = evaluate(Rule(), env, seeds=SEEDS)
    pairs = evaluate(Rule(), env, seeds=SEEDS, num_envs=2)
    np.testing.assert_array_equal(together.returns, pairs.returns)
    np.testing.assert_array_equal(together.lengths, pairs.lengths)


def test_episodes_cut_by_the_step_limit_are_marked():
    env, _ = jax_core.make("SkittlesEasy", obs_size=64, max_steps=5)
    table = evaluate(Rule(), env, seeds=range(3))
    assert table.truncated.all()
    assert (table.lengths == 5).all()


def test_both_views_show_the_same_first_states():
    tables = evaluation.cross_evaluate(Rule(), "SkittlesEasy", 64, seeds=[1, 2])
    assert set(tables) == {"full", "partial"}
    assert tables[Visibility.FULL].seeds.tolist() == [1, 2]


@pytest.mark.slow
def test_samples_follow_the_probabilities():
    """Each row draws anew: uniform scores name one action in five."""
    network, env = kit.network("ppo", "none"), kit.cue_env()
    flat = eqx.tree_at(lambda n: n.actor.weight, network, replace_fn=jnp.zeros_like)
    sampled = evaluate(flat, env, seeds=range(200), sample=True)
    again = evaluate(flat, env, seeds=range(200), sample=True)
    np.testing.assert_array_equal(sampled.returns, again.returns)
    assert 0.1 < sampled.mean < 0.3  # 0.2; four standard errors are 0.11
    greedy = evaluate(flat, env, seeds=range(200))
    assert 0.13 < greedy.mean < 0.37  # the first corner has a share of 0.25


def test_no_episode_serves_two_purposes():
    """Those of training, of choosing the best network, and of reporting it."""
    training = int(state.seeds_of_lanes(2**31 // 64 - 1, 64)[-1])
    choosing = evaluation.evaluation_seeds(100_000, EVAL_SEED)
    reporting = evaluation.evaluation_seeds(100_000, TEST_SEED)
    assert training < choosing.min()
    assert choosing.max() < reporting.min()


@pytest.mark.parametrize("seeds", [[], [0.5], [[1]], [-1], [2**32]])
def test_wrong_seeds_are_refused(seeds, unchecked_annotations):
    env = kit.cue_env()
    with pytest.raises(ValueError, match=r"^seeds must be"):
        evaluate(Rule(), env, seeds=seeds)
