"""Returns of rows with ends, truncations and dummies: pure functions of arrays.

In all of them a terminated row looks no further, a truncated one bootstraps from the
value of its final frame, which is the value of the next row, and a dummy row gets 0 and
reaches no other row.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float32

Floats = Float32[Array, "time lanes"]
Flags = Bool[Array, "time lanes"]


class Feedback(NamedTuple):
    """What the game said about rows."""

    reward: Floats  # r[t], received after the action at t
    terminated: Flags  # the return ends here
    ended: Flags  # the episode ends here; it is truncated where it is not terminated
    dummy: Flags  # the row shows a final frame


def generalized_advantages(
    feedback: Feedback,
    value: Floats,
    last_value: Float32[Array, " lanes"],
    *,
    gamma: float,
    gae_lambda: float,
) -> Floats:
    """Generalised advantage estimates, computed backwards from the last row.

    Args:
        feedback: of the rows.
        value: of the frame of each row, final frames included.
        last_value: of the frames after the last row.
        gamma: discount per step, in [0, 1].
        gae_lambda: decay, in [0, 1]; 0 is one-step, 1 is Monte Carlo.

    Source: Schulman et al. 2016, equation 16.
    """

    def backwards(carry: tuple, row: tuple) -> tuple:
        following, next_value = carry
        (reward, terminated, ended, dummy), value = row
        bootstrap = jnp.where(terminated, 0.0, next_value)
        error = reward + gamma * bootstrap - value
        following = jnp.where(ended, 0.0, following)
        advantage = error + gamma * gae_lambda * following
        return (advantage, value), jnp.where(dummy, 0.0, advantage)

    carry = (jnp.zeros_like(last_value), last_value)
    return lax.scan(backwards, carry, (feedback, value), reverse=True)[1]


def q_lambda(
    feedback: Feedback,
    value: Floats,
    last_value: Float32[Array, " lanes"],
    *,
    gamma: float,
    decay: float,
) -> Floats:
    """Q(lambda) targets, computed backwards from the last row.

    Args:
        feedback: of the rows.
        value: max over the actions of Q in the frame of each row.
        last_value: the same of the frames after the last row.
        gamma: discount per step, in [0, 1].
        decay: lambda, in [0, 1]; 0 is one-step TD, 1 is Monte Carlo.

    Source: Gallici et al. 2024 (PQN), after Daley and Amato 2019.
    """

    def backwards(carry: tuple, row: tuple) -> tuple:
        next_target, next_value = carry
        (reward, terminated, ended, dummy), value = row
        mixed = (1 - decay) * next_value + decay * next_target
        following = jnp.where(ended, next_value, mixed)
        target = reward + gamma * jnp.where(terminated, 0.0, following)
        return (target, value), jnp.where(dummy, 0.0, target)

    carry = (last_value, last_value)
    return lax.scan(backwards, carry, (feedback, value), reverse=True)[1]


def one_step_double_q(
    *,
    reward: Float32[Array, "*rows"],
    terminated: Bool[Array, "*rows"],
    next_q: Float32[Array, "*rows actions"],
    next_target_q: Float32[Array, "*rows actions"],
    gamma: float,
) -> Float32[Array, "*rows"]:
    """Targets of double Q-learning: the network chooses, the target network judges.

    Args:
        reward: received after the action.
        terminated: the return ends here.
        next_q: of the network in the next row's frame (for a truncated row, the final
            frame).
        next_target_q: of the target network there.
        gamma: discount per step, in [0, 1].

    Source: van Hasselt, Guez and Silver 2016, equation 4.
    """
    chosen = next_q.argmax(-1)[..., None]
    judged = jnp.take_along_axis(next_target_q, chosen, axis=-1)[..., 0]
    return reward + gamma * jnp.where(terminated, 0.0, judged)
