"""What all algorithms share: playing, the step against a gradient, and schedules."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float32

from arcade_gym.baselines import collective
from arcade_gym.baselines.learners import optimizers
from arcade_gym.baselines.learners.schedules import linear
from arcade_gym.baselines.rollouts import episodes, forward
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Behaviour, Rows, Seen, collect
from jax_core import Environment

Scalar = Float32[Array, ""]
Metrics = dict[str, Scalar]
Batch = dict[str, Any]
"""Named arrays of rows; leaves [items, time, ...] in a minibatch."""


class Learner(eqx.Module):
    """What learning changes."""

    network: Any
    optimizer: Any
    target: Any = None  # the target network of DQN


@dataclass(frozen=True, kw_only=True)
class Algorithm(ABC):
    """Hyper-parameters of every algorithm.

    None of these fields is defined again in another class that algorithms are made of:
    with two bases a dataclass takes the default of the first.
    """

    name: ClassVar[str]
    network_type: ClassVar[str]  # the name of the class of networks

    num_envs: int = 64  # lanes that play together
    num_steps: int = 64  # rows of each lane between two updates
    learning_rate: float = 1e-3  # at the start
    final_learning_rate: float = 0.0  # at the end, reached in a straight line
    learning_rate_fraction: float = 1.0  # share of all rows after which it is reached
    gamma: float | None = None  # discount per step; none: follows the level
    reward_scale: float | None = None  # factor of rewards; none: follows the level
    max_grad_norm: float = 0.5  # longer gradients are shortened

    @property
    def discount(self) -> float:
        """The discount per step, in [0, 1]."""
        if self.gamma is None:
            raise ValueError("gamma=None follows the level: use RunConfig.resolved()")
        return self.gamma

    @property
    def rows_per_iteration(self) -> int:
        """Rows of all lanes between two updates."""
        return self.num_envs * self.num_steps

    @abstractmethod
    def check(self, devices: int = 1) -> None:
        """Refuses sizes that do not fit together.

        Raises:
            ValueError: names the numbers and the way out.
        """

    @abstractmethod
    def make_optimizer(self) -> optax.GradientTransformation:
        """The rule that turns gradients into steps; the rate is applied outside."""

    @abstractmethod
    def act(
        self, network: Any, carry: Any, seen: Seen, key: Array, progress: Scalar
    ) -> tuple[Any, Array, Behaviour]:
        """Chooses actions; "greedy" in the notes is the best action of each lane."""

    @abstractmethod
    def loss(
        self, network: Any, batch: Batch, carry: Any, progress: Scalar
    ) -> tuple[Scalar, Metrics]:
        """This device's share of the loss, and of its parts for the log."""

    def start(self, network: Any) -> Learner:
        """The learner before its first update."""
        return Learner(network, optimizers.start(self.make_optimizer(), network))

    def scaled(self, reward: Array) -> Array:
        """Rewards as the learner counts them."""
        return jnp.float32(self.reward_scale) * reward

    def schedules(self, progress: Scalar) -> Metrics:
        """What changes with the share of the rows that are done, for the log."""
        return {"learning_rate": self.learning_rate_at(progress)}

    def learning_rate_at(self, progress: Scalar) -> Scalar:
        """The learning rate after a share of the rows."""
        span = self.learning_rate_fraction
        return linear(progress, self.learning_rate, self.final_learning_rate, span)

    def play(
        self,
        env: Environment,
        network: Any,
        lanes: Lanes,
        key: Array,
        progress: Scalar,
        *,
        sequence_length: int,
    ) -> tuple[Lanes, Rows, Any]:
        """Collects `num_steps` rows of every lane, as `rollout.collect`.

        The statistics of the lanes are those of these rows afterwards.
        """
        lanes = lanes._replace(stats=episodes.restart(lanes.stats))
        act = partial(self.act, network, progress=progress)
        keys = jax.random.split(key, self.num_steps)
        return collect(env, act, lanes, keys, sequence_length=sequence_length)

    def descend(
        self, learner: Learner, batch: Batch, carry: Any, progress: Scalar
    ) -> tuple[Learner, Metrics]:
        """One step against the gradient of one minibatch, of all devices."""
        loss = eqx.filter_value_and_grad(self.loss, has_aux=True)
        (value, parts), gradient = loss(learner.network, batch, carry, progress)
        value, parts, gradient = collective.total((value, parts, gradient))
        network, optimizer = optimizers.apply(
            self.make_optimizer(),
            gradient,
            learner.optimizer,
            learner.network,
            self.learning_rate_at(progress),
        )
        learner = replace(learner, network=network, optimizer=optimizer)
        norm = optax.tree.norm(gradient)
        return learner, parts | {"loss": value, "grad_norm": norm}


def has_memory(carry: Any) -> bool:
    """Whether a carry holds anything; without, every row stands for itself."""
    return any(leaf.size for leaf in jax.tree.leaves(carry))


def mean_of(where: Array) -> Callable[[Array], Scalar]:
    """Makes means whose sum over the devices is the mean over all true places.

    The count is taken of all devices before gradients are, so that those of the
    devices add up.
    """
    share = 1 / collective.count(where)
    return lambda values: jnp.sum(values, where=where) * share


def churn(network: Any, batch: Batch, carry: Any) -> Scalar:
    """Share of the rows in which an update changed the greedy action.

    Source: Tang and Berseth 2024 (churn).
    """
    scores = forward.sequences(network, carry, batch["seen"])[0]
    changed = (scores.argmax(-1) != batch["greedy"]).astype(jnp.float32)
    return collective.mean(changed, ~batch["dummy"])
