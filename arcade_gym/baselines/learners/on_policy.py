"""What PPO and PQN share: collect a rollout, judge it once, learn from it, drop it."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
from jaxtyping import Array

from arcade_gym.baselines.learners import minibatches
from arcade_gym.baselines.learners.learner import (
    Algorithm,
    Batch,
    Learner,
    Metrics,
    Scalar,
    churn,
    has_memory,
)
from arcade_gym.baselines.returns import Feedback
from arcade_gym.baselines.rollouts import episodes
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Rows
from arcade_gym.baselines.rollouts.scanning import scan
from jax_core import Environment


@dataclass(frozen=True, kw_only=True)
class OnPolicy(Algorithm):
    """Hyper-parameters of learners that use every rollout once."""

    firsts: ClassVar[tuple[str, ...]] = ()
    """Parts of the loss whose value in the first minibatch is kept as well."""

    epochs: int = 4  # passes over a rollout
    num_minibatches: int = 8  # equal parts of each pass
    sequence_length: int = 64  # rows through which gradients flow back in time

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
    def judge(self, network: Any, rows: Rows, lanes: Lanes) -> tuple[Batch, Metrics]:
        """Computes what each row should have been worth, once for the rollout."""

    def start_store(self, env: Environment, lanes: Lanes) -> None:
        """None: rollouts are not kept."""
        return

    def rows_of_sequence(self, carry: Any) -> int:
        """Rows of a sequence; without a carry every row stands for itself."""
        return self.sequence_length if has_memory(carry) else 1

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
        length = self.rows_of_sequence(lanes.carry)
        lanes, rows, carries = self.play(
            env, learner.network, lanes, play_key, progress, sequence_length=length
        )
        batch, judgement = self.judge(learner.network, rows, lanes)
        batch |= {"seen": rows.seen, "dummy": rows.dummy, "action": rows.action}
        batch |= {"greedy": rows.behaviour["greedy"]}
        cut = minibatches.into_sequences(batch, length)
        learner, parts = self._learn(learner, cut, carries, update_key, progress)
        metrics = episodes.summarise(lanes.stats) | self.schedules(progress)
        metrics |= judgement | parts
        return learner, lanes, store, metrics

    def feedback(self, rows: Rows) -> Feedback:
        """What the returns are made of, with scaled rewards."""
        reward = self.scaled(rows.reward)
        return Feedback(reward, rows.terminated, rows.ended, rows.dummy)

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

        def update(learner: Learner, items: Any) -> tuple[Learner, Metrics]:
            batch, carry = minibatches.take(cut, carries, *items)
            return self.descend(learner, batch, carry, progress)

        learner, parts = scan(update, learner, order)
        first = jax.tree.map(lambda index: index[0], order)
        batch, carry = minibatches.take(cut, carries, *first)
        metrics = jax.tree.map(lambda values: values[-1], parts)
        metrics |= {f"first_{name}": parts[name][0] for name in ("loss", *self.firsts)}
        metrics |= {"churn": churn(learner.network, batch, carry)}
        return learner, metrics
