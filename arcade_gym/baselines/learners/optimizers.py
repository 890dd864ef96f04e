"""Optimizers whose learning rate is an argument, so that no counter can disagree."""

from typing import Any

import equinox as eqx
import jax
import optax
from jaxtyping import Array, Float32

Scalar = Float32[Array, ""]


def start(optimizer: optax.GradientTransformation, network: Any) -> Any:
    """The optimizer's state for the trained leaves of a network: its float arrays."""
    return optimizer.init(eqx.filter(network, eqx.is_inexact_array))


def apply(
    optimizer: optax.GradientTransformation,
    gradient: Any,
    state: Any,
    network: Any,
    learning_rate: Scalar,
) -> tuple[Any, Any]:
    """Moves the network against a gradient.

    Returns:
        The network and the optimizer's state afterwards.
    """
    trained = eqx.filter(network, eqx.is_inexact_array)
    direction, state = optimizer.update(gradient, state, trained)
    change = jax.tree.map(
        lambda leaf: -learning_rate.astype(leaf.dtype) * leaf, direction
    )
    return eqx.apply_updates(network, change), state


def adam(max_grad_norm: float, eps: float) -> optax.GradientTransformation:
    """Adam (Kingma and Ba 2015) on shortened gradients."""
    shorten = optax.clip_by_global_norm(max_grad_norm)
    return optax.chain(shorten, optax.scale_by_adam(eps=eps))


def radam(max_grad_norm: float) -> optax.GradientTransformation:
    """RAdam (Liu et al. 2020) on shortened gradients."""
    shorten = optax.clip_by_global_norm(max_grad_norm)
    return optax.chain(shorten, optax.scale_by_radam())
