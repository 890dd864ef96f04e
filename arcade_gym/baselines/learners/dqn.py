"""Deep Q-learning from replay, with a target network and with or without memory.

Targets are computed when they are learned from, with the target network, from the rows
as they were played. With a memory, windows of rows are replayed: the first rows only
warm the memory up, which begins with the carry that was kept when they were played, or
empty.

Source: Mnih et al. 2015 (replay, target network, clipped errors), van Hasselt, Guez and
Silver 2016 (double Q), Kapturowski et al. 2019 (R2D2: stored carries, burn-in).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int32

from arcade_gym.baselines.learners import optimizers
from arcade_gym.baselines.learners.learner import Batch, Learner, has_memory
from arcade_gym.baselines.learners.off_policy import OffPolicy
from arcade_gym.baselines.learners.q_learning import QLearning
from arcade_gym.baselines.learners.replay import Kept
from arcade_gym.baselines.returns import one_step_double_q
from arcade_gym.baselines.rollouts import forward
from arcade_gym.baselines.rollouts.rollout import Seen

_Rows = TypeVar("_Rows", Kept, Seen)


@dataclass(frozen=True, kw_only=True)
class DQN(QLearning, OffPolicy):
    """Hyper-parameters of DQN."""

    name: ClassVar[str] = "dqn"

    num_steps: int = 16  # rows of each lane between two phases of learning
    max_grad_norm: float = 10.0  # longer gradients are shortened
    target_period: int = 4096  # rows between two copies to the target network; 0: tau
    tau: float = 0.005  # or its step towards the network after every update
    adam_eps: float = 1e-5  # added to the root of Adam's second moment

    def check(self, devices: int = 1) -> None:
        """Refuses sizes that do not fit together.

        Raises:
            ValueError: names the numbers and the way out.
        """
        super().check(devices)
        if not 0 < self.tau <= 1:
            raise ValueError(f"tau must be above 0 and at most 1, got {self.tau}")
        least = self.rows_per_iteration
        if self.target_period < least and self.target_period != 0:
            raise ValueError(
                f"target_period must be at least num_envs * num_steps = {least}, or 0 "
                f"for steps of tau, got {self.target_period}"
            )

    def make_optimizer(self) -> optax.GradientTransformation:
        """Adam on shortened gradients."""
        return optimizers.adam(self.max_grad_norm, self.adam_eps)

    def penalty(self, error: Array) -> Array:
        """Half the square up to an error of 1, and a straight line beyond."""
        return optax.losses.huber_loss(error)

    def start(self, network: Any) -> Learner:
        """The learner before its first update; both networks are the same."""
        return replace(super().start(network), target=network)

    def judge(self, learner: Learner, rows: Kept, carry: Any) -> tuple[Batch, Any]:
        """Warms both memories up, and computes the targets of the rows after that."""
        burn_in = self.window(carry).burn_in
        early, rows = _cut(rows, 0, burn_in), _cut(rows, burn_in, None)
        own = forward.warmed_up(learner.network, carry, early.seen)
        other = forward.warmed_up(learner.target, carry, early.seen)
        now = _cut(rows, 0, -1)
        target = one_step_double_q(
            reward=self.scaled(now.reward),
            terminated=now.terminated,
            next_q=_next_values(learner.network, own, rows.seen),
            next_target_q=_next_values(learner.target, other, rows.seen),
            gamma=self.discount,
        )
        batch = {"seen": now.seen, "dummy": now.dummy, "action": now.action}
        return batch | {"target": target}, own

    def after_update(self, learner: Learner) -> Learner:
        """Moves the target network a step of tau, if there is no period."""
        if self.target_period:
            return learner
        tau = jnp.float32(self.tau)
        return _move_target(learner, lambda old, new: old + tau * (new - old))

    def after_phase(self, learner: Learner, rows: Int32[Array, ""]) -> Learner:
        """Copies the network if a multiple of the period was reached since the last."""
        if not self.target_period:
            return learner
        before = rows - self.rows_per_iteration
        is_due = rows // self.target_period > before // self.target_period
        return _move_target(learner, lambda old, new: jnp.where(is_due, new, old))


def _cut(rows: _Rows, first: int, end: int | None) -> _Rows:
    """Cuts [items, first:end, ...] out of every leaf."""
    return jax.tree.map(lambda leaf: leaf[:, first:end], rows)


def _next_values(network: Any, carry: Any, seen: Seen) -> Array:
    """Q-values of all rows but the first: float32 [items, time - 1, actions]."""
    if has_memory(carry):
        return forward.sequences(network, carry, seen)[0][:, 1:]
    return forward.sequences(network, carry, _cut(seen, 1, None))[0]


def _move_target(learner: Learner, move: Callable[[Array, Array], Array]) -> Learner:
    """Moves the float arrays of the target network."""
    old, rest = eqx.partition(learner.target, eqx.is_inexact_array)
    new = eqx.filter(learner.network, eqx.is_inexact_array)
    return replace(learner, target=eqx.combine(jax.tree.map(move, old, new), rest))
