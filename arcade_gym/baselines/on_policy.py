"""What PPO and PQN share: collect a rollout, judge it once, learn from it, drop it."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float32

from arcade_gym.baselines import collective, episodes, forward, minibatches, optimizers
from arcade_gym.baselines.lanes import Lanes
from arcade_gym.baselines.returns import Feedback
from arcade_gym.baselines.rollout import Behaviour, Rows, Seen, collect
from arcade_gym.baselines.scanning import scan
from arcade_gym.baselines.schedules import linear
from jax_core import Environment

Scalar = Float32[Array, ""]
Metrics = dict[str, Scalar]
Batch = dict[str, Any]
"""Named arrays of rows; leaves [items, time, ...] in a minibatch."""
Loss = Callable[[Any, Batch, Any], tuple[Scalar, Metrics]]
"""From network, minibatch and carries: this device's share of the loss, its parts."""


class Learner(eqx.Module):
    """What learning changes."""

    network: Any
    optimizer: Any
    target: Any = None  # the target network of DQN


@dataclass(frozen=True, kw_only=True)
class OnPolicy(ABC):
    """Hyper-parameters of learners that use every rollout once."""

    network_type: ClassVar[str]  # the name of the class of networks

    num_envs: int = 64  # lanes that play together
    num_steps: int = 64  # rows of each lane between two updates
    epochs: int = 4  # passes over a rollout
    num_minibatches: int = 8  # equal parts of each pass
    sequence_length: int = 64  # rows through which gradients flow back in time
    learning_rate: float = 1e-3  # at the start
    final_learning_rate: float = 0.0  # at the end, reached in a straight line
    gamma: float | None = (
        None  # discount per step; none: 0.99, or 0.995 if games are long
    )
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

    def check(self, devices: int = 1) -> None:
        """Refuses sizes that do not fit together.

        Raises:
            ValueError: names the numbers and the way out.
        """
        if self.num_steps % self.sequence_length:
            raise ValueError(
                f"sequence_length must divide num_steps, got {self.sequence_length} "
                f"and {self.num_steps}; use "
                f"{math.gcd(self.sequence_length, self.num_steps)}"
            )
        if self.num_envs % (self.num_minibatches * devices):
            on = f" on {devices} devices" if devices > 1 else ""
            step = self.num_minibatches * devices
            raise ValueError(
                f"num_envs must be a multiple of num_minibatches{on}, got "
                f"{self.num_envs} and {self.num_minibatches}; use num_envs="
                f"{math.ceil(self.num_envs / step) * step}, or num_minibatches="
                f"{math.gcd(self.num_envs // devices or 1, self.num_minibatches)}"
            )

    @abstractmethod
    def make_optimizer(self) -> optax.GradientTransformation:
        """The rule that turns gradients into steps; the rate is applied outside."""

    @abstractmethod
    def act(
        self, network: Any, carry: Any, seen: Seen, key: Array, progress: Scalar
    ) -> tuple[Any, Array, Behaviour]:
        """Chooses actions; "greedy" in the notes is the best action of each lane."""

    @abstractmethod
    def judge(self, network: Any, rows: Rows, lanes: Lanes) -> tuple[Batch, Metrics]:
        """Computes what each row should have been worth, once for the rollout."""

    @abstractmethod
    def loss(
        self, network: Any, batch: Batch, carry: Any, progress: Scalar
    ) -> tuple[Scalar, Metrics]:
        """This device's share of the loss, and of its parts for the log."""

    def start(self, network: Any) -> Learner:
        """The learner before its first update."""
        return Learner(network, optimizers.start(self.make_optimizer(), network))

    def start_store(self, env: Environment, lanes: Lanes) -> None:
        """None: rollouts are not kept."""
        return

    def rows_of_sequence(self, carry: Any) -> int:
        """Rows of a sequence; without a carry every row stands for itself."""
        return self.sequence_length if jax.tree.leaves(carry) else 1

    def iterate(
        self,
        env: Environment,
        learner: Learner,
        lanes: Lanes,
        store: None,
        key: Array,
        progress: Scalar,
    ) -> tuple[Learner, Lanes, None, Metrics]:
        """Collects one rollout and learns from it."""
        play_key, update_key = jax.random.split(key)
        lanes = lanes._replace(stats=episodes.restart(lanes.stats))
        length = self.rows_of_sequence(lanes.carry)
        act = partial(self.act, learner.network, progress=progress)
        keys = jax.random.split(play_key, self.num_steps)
        lanes, rows, carries = collect(env, act, lanes, keys, sequence_length=length)
        batch, judgement = self.judge(learner.network, rows, lanes)
        batch |= {"seen": rows.seen, "dummy": rows.dummy, "action": rows.action}
        batch |= {"greedy": rows.behaviour["greedy"]}
        cut = minibatches.into_sequences(batch, length)
        learner, parts = self._learn(learner, cut, carries, update_key, progress)
        metrics = episodes.summarise(lanes.stats) | judgement | parts
        return learner, lanes, store, metrics

    def feedback(self, rows: Rows) -> Feedback:
        """What the returns are made of, with scaled rewards."""
        reward = jnp.float32(self.reward_scale) * rows.reward
        return Feedback(reward, rows.terminated, rows.ended, rows.dummy)

    def learning_rate_at(self, progress: Scalar) -> Scalar:
        """The learning rate after a share of the rows."""
        return linear(progress, self.learning_rate, self.final_learning_rate)

    def _learn(
        self, learner: Learner, cut: Batch, carries: Any, key: Array, progress: Scalar
    ) -> tuple[Learner, Metrics]:
        """Passes over the rollout in minibatches."""
        sequences, _, num_envs = cut["dummy"].shape
        order = minibatches.shuffled(
            key,
            epochs=self.epochs,
            sequences=sequences,
            num_envs=num_envs,
            num_minibatches=self.num_minibatches,
        )
        rate = self.learning_rate_at(progress)

        def update(learner: Learner, items: Any) -> tuple[Learner, Metrics]:
            batch, carry = minibatches.take(cut, carries, *items)
            return self._descend(learner, batch, carry, progress, rate)

        learner, parts = scan(update, learner, order)
        first = jax.tree.map(lambda index: index[0], order)
        batch, carry = minibatches.take(cut, carries, *first)
        metrics = jax.tree.map(lambda values: values[-1], parts)
        metrics |= {f"first_{name}": parts[name][0] for name in ("loss", *self.firsts)}
        metrics |= {"churn": churn(learner.network, batch, carry)}
        return learner, metrics | {"learning_rate": rate}

    firsts: ClassVar[tuple[str, ...]] = ()
    """Parts of the loss whose value in the first minibatch is kept as well."""

    def _descend(
        self, learner: Learner, batch: Batch, carry: Any, progress: Scalar, rate: Scalar
    ) -> tuple[Learner, Metrics]:
        """One step against the gradient of one minibatch, of all devices."""
        loss = eqx.filter_value_and_grad(self.loss, has_aux=True)
        (value, parts), gradient = loss(learner.network, batch, carry, progress)
        value, parts, gradient = collective.total((value, parts, gradient))
        network, optimizer = optimizers.apply(
            self.make_optimizer(), gradient, learner.optimizer, learner.network, rate
        )
        norm = optax.global_norm(gradient)
        return Learner(network, optimizer), parts | {"loss": value, "grad_norm": norm}


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
