"""Parallelised Q-network: Q(lambda) on rollouts, without target network and replay.

What keeps it stable is layer normalisation, which our networks have after every layer.
Source: Gallici et al. 2024 (PQN).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float32, Int32

from arcade_gym.baselines import collective, forward, optimizers
from arcade_gym.baselines.lanes import Lanes
from arcade_gym.baselines.on_policy import Batch, Metrics, OnPolicy, Scalar, mean_of
from arcade_gym.baselines.returns import q_lambda
from arcade_gym.baselines.rollout import Behaviour, Rows, Seen, seen_by
from arcade_gym.baselines.schedules import linear
from jax_core import random


@dataclass(frozen=True, kw_only=True)
class PQN(OnPolicy):
    """Hyper-parameters of PQN."""

    name: ClassVar[str] = "pqn"
    network_type: ClassVar[str] = "QNetworkRNN"

    epochs: int = 2  # passes over a rollout
    max_grad_norm: float = 10.0  # longer gradients are shortened
    q_lambda: float = 0.65  # decay of the returns; 0 is one-step, 1 is Monte Carlo
    start_epsilon: float = 1.0  # share of random actions at the start
    final_epsilon: float = 0.05  # and from `epsilon_fraction` on
    epsilon_fraction: float = 0.1  # share of all rows over which it falls

    def make_optimizer(self) -> optax.GradientTransformation:
        """RAdam on shortened gradients."""
        return optimizers.radam(self.max_grad_norm)

    def epsilon_at(self, progress: Scalar) -> Scalar:
        """Share of random actions after a share of the rows."""
        span = self.epsilon_fraction
        return linear(progress, self.start_epsilon, self.final_epsilon, span)

    def act(
        self, network: Any, carry: Any, seen: Seen, key: Array, progress: Scalar
    ) -> tuple[Any, Array, Behaviour]:
        """Takes the best action, or now and then any."""
        carry, (q,) = forward.one_row(network, carry, seen)
        keys = collective.keys_of_lanes(key, len(q))
        action = explore(keys, q, self.epsilon_at(progress))
        greedy = q.argmax(-1).astype(jnp.int32)
        return carry, action, {"q_max": q.max(-1), "greedy": greedy}

    def judge(self, network: Any, rows: Rows, lanes: Lanes) -> tuple[Batch, Metrics]:
        """Computes Q(lambda) targets."""
        _, (last_q,) = forward.one_row(network, lanes.carry, seen_by(lanes))
        target = q_lambda(
            self.feedback(rows),
            rows.behaviour["q_max"],
            last_q.max(-1),
            gamma=self.discount,
            decay=self.q_lambda,
        )
        return {"target": target}, {}

    def loss(
        self, network: Any, batch: Batch, carry: Any, progress: Scalar
    ) -> tuple[Scalar, Metrics]:
        """Squared errors of the values of the actions that were taken."""
        del progress  # the rate alone has a schedule
        mean = mean_of(~batch["dummy"])
        (q,) = forward.sequences(network, carry, batch["seen"])
        chosen = of_action(q, batch["action"])
        loss = mean(0.5 * (chosen - batch["target"]) ** 2)
        return loss, {"q_mean": mean(chosen)}


def explore(
    keys: Array, q: Float32[Array, "lanes actions"], epsilon: Scalar
) -> Int32[Array, " lanes"]:
    """Takes the best action of each lane, or any with the probability epsilon."""

    def one_lane(key: Array, q: Float32[Array, " actions"]) -> Int32[Array, ""]:
        whether, which = random.uniform(key, (2,))
        anything = jnp.floor(which * q.shape[0]).astype(jnp.int32)
        return jnp.where(whether < epsilon, anything, q.argmax().astype(jnp.int32))

    return jax.vmap(one_lane)(keys, q)


def of_action(q: Float32[Array, "*rows actions"], action: Array) -> Array:
    """Values of actions: float32 [*rows]."""
    return jnp.take_along_axis(q, action[..., None], axis=-1)[..., 0]
