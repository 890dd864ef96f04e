"""Returns against their definitions, written as plain loops over one lane."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import returns
from arcade_gym.baselines.returns import Feedback

GAMMA, DECAY = 0.9, 0.7


def random_rows(steps, seed, lanes=4):
    """Rewards, values, and ends of both kinds, each followed by a dummy."""
    rng = np.random.default_rng(seed)
    ended = np.zeros((steps, lanes), bool)
    dummy = np.zeros((steps, lanes), bool)
    dummy[0] = rng.random(lanes) < 0.3
    for t in range(steps):
        if t:
            dummy[t] = ended[t - 1]
        ended[t] = ~dummy[t] & (rng.random(lanes) < 0.3)
    terminated = ended & (rng.random((steps, lanes)) < 0.5)
    reward = np.where(dummy, 0, rng.normal(size=(steps, lanes)))
    value = rng.normal(size=(steps + 1, lanes))
    return reward.astype("f4"), value.astype("f4"), terminated, ended, dummy


def n_step_returns(lane, start):
    """All n-step returns of a row, n = 1, 2, ..., until an end."""
    reward, value, terminated, ended, _ = lane
    found, discounted, t = [], 0.0, start
    while True:
        discounted += GAMMA ** (t - start) * reward[t]
        bootstrap = 0.0 if terminated[t] else GAMMA ** (t - start + 1) * value[t + 1]
        found.append(discounted + bootstrap)
        if ended[t] or t + 1 == len(reward):
            return found
        t += 1


def lambda_return(found):
    """The mean of n-step returns with the weights (1 - lambda) lambda^(n-1)."""
    *shorter, longest = found
    weights = [(1 - DECAY) * DECAY**n for n in range(len(shorter))]
    total = sum(weight * one for weight, one in zip(weights, shorter, strict=True))
    return total + DECAY ** len(shorter) * longest


def expected(rows):
    target = np.zeros_like(rows[0])
    for t, lane in np.ndindex(target.shape):
        if not rows[-1][t, lane]:
            one = [array[:, lane] for array in rows]
            target[t, lane] = lambda_return(n_step_returns(one, t))
    return target


def arguments(rows):
    reward, value, terminated, ended, dummy = map(jnp.asarray, rows)
    return Feedback(reward, terminated, ended, dummy), value[:-1], value[-1]


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 9, 20])
def test_targets_are_means_of_n_step_returns(steps):
    rows = random_rows(steps, seed=steps)
    target = returns.q_lambda(*arguments(rows), gamma=GAMMA, decay=DECAY)
    np.testing.assert_allclose(target, expected(rows), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 9, 20])
def test_advantages_are_lambda_returns_less_values(steps):
    rows = random_rows(steps, seed=100 + steps)
    advantage = returns.generalized_advantages(
        *arguments(rows), gamma=GAMMA, gae_lambda=DECAY
    )
    value, dummy = rows[1][:-1], rows[4]
    wanted = np.where(dummy, 0, expected(rows) - value)
    np.testing.assert_allclose(advantage, wanted, rtol=1e-5, atol=1e-5)


def test_a_truncated_row_equals_the_row_before_a_final_frame_that_goes_on():
    """The value of a final frame is all that a truncation looks at."""
    reward = jnp.array([[1.0], [0.0]])
    never = jnp.zeros((2, 1), bool)
    value, last = jnp.array([[0.3], [0.6]]), jnp.array([5.0])
    cut = Feedback(reward, never, never.at[0].set(True), never.at[1].set(True))
    target = returns.q_lambda(cut, value, last, gamma=GAMMA, decay=DECAY)
    alone = Feedback(
        *jax.tree.map(lambda leaf: leaf[:1], (reward, never, never, never))
    )
    wanted = returns.q_lambda(alone, value[:1], value[1], gamma=GAMMA, decay=DECAY)
    np.testing.assert_allclose(target[0], wanted[0])
    assert target[1] == 0


def test_double_q_lets_the_network_choose_and_the_target_network_judge():
    target = returns.one_step_double_q(
        reward=jnp.array([1.0, 1.0]),
        terminated=jnp.array([False, True]),
        next_q=jnp.array([[0.0, 2.0, 1.0]] * 2),
        next_target_q=jnp.array([[9.0, 4.0, 5.0]] * 2),
        gamma=0.5,
    )
    np.testing.assert_array_equal(target, [3.0, 1.0])
