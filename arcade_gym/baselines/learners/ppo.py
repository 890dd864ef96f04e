"""Proximal policy optimisation, with or without memory.

Source: Schulman et al. 2017 (PPO, equation 7 and section 5), Schulman et al. 2016
(GAE).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax
from jax import nn
from jaxtyping import Array, Float32

from arcade_gym.baselines import collective
from arcade_gym.baselines.learners import optimizers
from arcade_gym.baselines.learners.learner import Batch, Metrics, Scalar, mean_of
from arcade_gym.baselines.learners.on_policy import OnPolicy
from arcade_gym.baselines.learners.schedules import linear
from arcade_gym.baselines.returns import generalized_advantages
from arcade_gym.baselines.rollouts import forward
from arcade_gym.baselines.rollouts.lanes import Lanes
from arcade_gym.baselines.rollouts.rollout import Behaviour, Rows, Seen, seen_by
from jax_core import random


@dataclass(frozen=True, kw_only=True)
class PPO(OnPolicy):
    """Hyper-parameters of PPO."""

    name: ClassVar[str] = "ppo"
    network_type: ClassVar[str] = "ActorCriticRNN"
    firsts: ClassVar[tuple[str, ...]] = ("kl", "ratio_deviation")

    gae_lambda: float = 0.95  # decay of the advantage estimates
    clip_coef: float = 0.2  # relative change of a probability that still pays
    ent_coef: float = 0.01  # weight of the entropy bonus at the start
    final_ent_coef: float = 0.01  # and at the end, reached in a straight line
    vf_coef: float = 0.5  # weight of the value loss
    adam_eps: float = 1e-5  # added to the root of Adam's second moment

    def make_optimizer(self) -> optax.GradientTransformation:
        """Adam on shortened gradients."""
        return optimizers.adam(self.max_grad_norm, self.adam_eps)

    def act(
        self, network: Any, carry: Any, seen: Seen, key: Array, progress: Scalar
    ) -> tuple[Any, Array, Behaviour]:
        """Samples actions from the policy."""
        del progress  # exploration is the policy's own
        carry, (logits, value) = forward.one_row(network, carry, seen)
        keys = collective.keys_of_lanes(key, len(value))
        action = jax.vmap(sample)(keys, logits)
        behaviour = {
            "log_prob": log_prob(logits, action),
            "value": value,
            "greedy": logits.argmax(-1).astype(jnp.int32),
        }
        return carry, action, behaviour

    def judge(self, network: Any, rows: Rows, lanes: Lanes) -> tuple[Batch, Metrics]:
        """Estimates advantages, normalised over the whole rollout."""
        value = rows.behaviour["value"]
        _, (_, last_value) = forward.one_row(network, lanes.carry, seen_by(lanes))
        advantage = generalized_advantages(
            self.feedback(rows),
            value,
            last_value,
            gamma=self.discount,
            gae_lambda=self.gae_lambda,
        )
        counts = ~rows.dummy
        target = value + advantage
        batch = {
            "log_prob": rows.behaviour["log_prob"],
            "advantage": normalised(advantage, counts),
            "target": target,
        }
        unexplained = variance(advantage, counts)  # target - value
        explained = 1 - unexplained / (variance(target, counts) + 1e-8)
        spread = jnp.sqrt(unexplained)
        return batch, {"explained_variance": explained, "advantage_std": spread}

    def loss(
        self, network: Any, batch: Batch, carry: Any, progress: Scalar
    ) -> tuple[Scalar, Metrics]:
        """The clipped surrogate, the value loss and the entropy bonus."""
        mean = mean_of(~batch["dummy"])
        logits, value = forward.sequences(network, carry, batch["seen"])
        log_ratio = log_prob(logits, batch["action"]) - batch["log_prob"]
        ratio = jnp.exp(log_ratio)
        clipped = jnp.clip(ratio, 1 - self.clip_coef, 1 + self.clip_coef)
        advantage = batch["advantage"]
        log_probs = nn.log_softmax(logits)
        parts = {
            "policy_loss": mean(-jnp.minimum(ratio * advantage, clipped * advantage)),
            "value_loss": mean(0.5 * (value - batch["target"]) ** 2),
            "entropy": mean(-(jnp.exp(log_probs) * log_probs).sum(-1)),
            "kl": mean(ratio - 1 - log_ratio),
            "clip_fraction": mean((ratio != clipped).astype(jnp.float32)),
            "ratio_deviation": mean(jnp.abs(ratio - 1)),
        }
        ent_coef = linear(progress, self.ent_coef, self.final_ent_coef)
        loss = parts["policy_loss"] - ent_coef * parts["entropy"]
        return loss + self.vf_coef * parts["value_loss"], parts


def sample(key: Array, logits: Float32[Array, " actions"]) -> Array:
    """Draws an action, int32 [], by adding Gumbel noise to the logits."""
    least = float(jnp.finfo(jnp.float32).tiny)
    uniform = random.uniform(key, logits.shape, minval=least)
    return jnp.argmax(logits - jnp.log(-jnp.log(uniform))).astype(jnp.int32)


def log_prob(logits: Float32[Array, "*rows actions"], action: Array) -> Array:
    """Log-probabilities of actions: float32 [*rows]."""
    chosen = jnp.take_along_axis(nn.log_softmax(logits), action[..., None], axis=-1)
    return chosen[..., 0]


def variance(values: Array, where: Array) -> Scalar:
    """Variance over the true places of all devices."""
    centred = values - collective.mean(values, where)
    return collective.mean(centred**2, where)


def normalised(values: Array, where: Array) -> Array:
    """Shifts and scales to mean 0 and variance 1 over the true places."""
    deviation = jnp.sqrt(variance(values, where)) + 1e-8
    return (values - collective.mean(values, where)) / deviation
