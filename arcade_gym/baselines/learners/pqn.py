"""Parallelised Q-network: Q(lambda) on rollouts, without target network and replay.

What keeps it stable is layer normalisation, which our networks have after every layer.
Source: Gallici et al. 2024 (PQN).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import optax
from jaxtyping import Array

from arcade_gym.baselines.learners import optimizers
from arcade_gym.baselines.learners.learner import Batch, Metrics
from arcade_gym.baselines.learners.on_policy import OnPolicy
from arcade_gym.baselines.learners.q_learning import QLearning
from arcade_gym.baselines.returns import q_lambda
from arcade_gym.baselines.rollouts import forward
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Rows, seen_by


@dataclass(frozen=True, kw_only=True)
class PQN(QLearning, OnPolicy):
    """Hyper-parameters of PQN."""

    name: ClassVar[str] = "pqn"

    epochs: int = 2  # passes over a rollout
    max_grad_norm: float = 10.0  # longer gradients are shortened
    q_lambda: float = 0.65  # decay of the returns; 0 is one-step, 1 is Monte Carlo

    def make_optimizer(self) -> optax.GradientTransformation:
        """RAdam on shortened gradients."""
        return optimizers.radam(self.max_grad_norm)

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

    def penalty(self, error: Array) -> Array:
        """Half the square."""
        return 0.5 * error**2
