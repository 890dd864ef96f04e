"""What PQN and DQN share: explore by chance, and fit the values of what was done."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float32, Int32

from arcade_gym.baselines import collective
from arcade_gym.baselines.learners.learner import (
    Algorithm,
    Batch,
    Metrics,
    Scalar,
    mean_of,
)
from arcade_gym.baselines.learners.schedules import linear
from arcade_gym.baselines.rollouts import forward
from arcade_gym.baselines.rollouts.rollout import Behaviour, Seen
from jax_core import random


@dataclass(frozen=True, kw_only=True)
class QLearning(Algorithm):
    """Hyper-parameters of exploration."""

    network_type: ClassVar[str] = "QNetworkRNN"

    start_epsilon: float = 1.0  # share of random actions at the start
    final_epsilon: float = 0.05  # and from `epsilon_fraction` on
    epsilon_fraction: float = 0.1  # share of all rows over which it falls

    @abstractmethod
    def penalty(self, error: Array) -> Array:
        """What the error of each value costs."""

    def schedules(self, progress: Scalar) -> Metrics:
        """Share of random actions and learning rate."""
        return super().schedules(progress) | {"epsilon": self.epsilon_at(progress)}

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

    def loss(
        self, network: Any, batch: Batch, carry: Any, progress: Scalar
    ) -> tuple[Scalar, Metrics]:
        """Errors of the values of the actions that were taken."""
        del progress  # the rate alone has a schedule
        mean = mean_of(~batch["dummy"])
        (q,) = forward.sequences(network, carry, batch["seen"])
        chosen = of_action(q, batch["action"])
        loss = mean(self.penalty(chosen - batch["target"]))
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
