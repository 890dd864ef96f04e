"""Learners on a game whose values are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import state
from arcade_gym.baselines.learners.ppo import PPO
from arcade_gym.baselines.learners.pqn import PQN
from arcade_gym.baselines.networks import ActorCriticRNN, QNetworkRNN
from tests.arcade_gym.baselines import chain

GAMMA = 0.8
SIZES = {
    "num_envs": 16,
    "num_steps": 8,
    "sequence_length": 8,
    "num_minibatches": 2,
    "epochs": 2,
    "learning_rate": 3e-3,
    "gamma": GAMMA,
    "reward_scale": 1.0,
}


def learned(algorithm, network_type, iterations=150):
    """The outputs of a trained network at every position of the chain."""
    env = chain.chain_env()
    network = network_type(jax.random.key(1), "none", 64, width=32)
    now = state.start(algorithm, env, network, seed=0)
    rows = iterations * algorithm.rows_per_iteration
    now, metrics = state.run_chunk(
        algorithm, env, now, iterations=iterations, total_rows=rows
    )
    assert np.isfinite(np.asarray(metrics["loss"])).all()
    # Episodes are cut after six steps, so that a learner which takes a cut for an end
    # learns other values.
    assert metrics["truncated"][0] > 0.1
    draw = jax.jit(env.get_obs)
    obs = jnp.stack([draw(chain.state_at(p)) for p in range(chain.LENGTH)])
    flags = jnp.zeros(chain.LENGTH, jnp.bool_)
    actions = jnp.zeros(chain.LENGTH, jnp.int32)
    _, *outputs = now.network(now.network.initial_carry(), obs, actions, flags)
    return [np.asarray(output) for output in outputs]


@pytest.mark.long
def test_pqn_finds_the_best_values():
    """With one-step returns of random play, Q-learning has Q* as its fixed point."""
    algorithm = PQN(**SIZES, q_lambda=0.0, start_epsilon=1.0, final_epsilon=1.0)
    (q,) = learned(algorithm, QNetworkRNN)
    np.testing.assert_allclose(q, chain.best_values(GAMMA), atol=0.08)


@pytest.mark.long
def test_ppo_values_the_policy_that_plays():
    """With a large entropy bonus the policy stays random, and V is its value."""
    algorithm = PPO(**SIZES, ent_coef=30.0, final_ent_coef=30.0)
    logits, value = learned(algorithm, ActorCriticRNN)
    probabilities = np.asarray(jax.nn.softmax(logits))
    np.testing.assert_allclose(probabilities, 0.2, atol=0.02)
    # Of these very probabilities: small leanings add up over several steps.
    expected = chain.values_of(probabilities, GAMMA)
    np.testing.assert_allclose(value, expected, atol=0.08)


@pytest.mark.long
def test_ppo_learns_to_walk_to_the_end():
    logits, _ = learned(PPO(**SIZES), ActorCriticRNN)
    assert (logits.argmax(-1) == chain.RIGHT).all()
