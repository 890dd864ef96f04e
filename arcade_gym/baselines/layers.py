"""What encoders, memories and networks are made of."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import nn
from jaxtyping import Array, Float32

from jax_core.types import AnyKey

_EPSILON = 1e-5  # keeps the norm of a black frame finite


def orthogonal(
    inputs: int, outputs: int, *, key: AnyKey, gain: float = 1.0
) -> Float32[Array, "inputs outputs"]:
    """A random matrix with orthonormal columns (or rows), times a gain.

    Source: Saxe et al. 2014.
    """
    return nn.initializers.orthogonal(gain)(key, (inputs, outputs), jnp.float32)


def normalise(
    x: Float32[Array, "*batch features"],
) -> Float32[Array, "*batch features"]:
    """Mean 0 and variance 1 over the last axis, without gains and offsets.

    Source: Ba et al. 2016 (LayerNorm).
    """
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + _EPSILON)


class Dense(eqx.Module):
    """x W + b on the last axis, whatever axes stand before it.

    A batch is one matrix product, where `equinox.nn.Linear` takes single vectors.
    """

    weight: Float32[Array, "inputs outputs"]
    bias: Float32[Array, " outputs"]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        key: AnyKey,
        gain: float = 1.0,
        bias: Float32[Array, " outputs"] | None = None,
    ) -> None:
        """Draws orthogonal weights; the bias is 0 unless given."""
        self.weight = orthogonal(inputs, outputs, key=key, gain=gain)
        self.bias = jnp.zeros(outputs, jnp.float32) if bias is None else bias

    def __call__(
        self, x: Float32[Array, "*batch inputs"]
    ) -> Float32[Array, "*batch outputs"]:
        """Maps the last axis."""
        y = x @ self.weight
        return y + jnp.broadcast_to(self.bias, y.shape)


class Bypass(eqx.Module):
    """relu(LayerNorm(x + W m)): what a memory answers joins what it was given.

    The same for every memory, so that a comparison of memories compares nothing else.
    """

    weight: Float32[Array, "answers width"]

    def __init__(self, answers: int, width: int, *, key: AnyKey) -> None:
        """Takes the size of a memory's output and the width of the network."""
        self.weight = orthogonal(answers, width, key=key)

    def __call__(
        self,
        x: Float32[Array, "*batch width"],
        answer: Float32[Array, "*batch answers"],
    ) -> Float32[Array, "*batch width"]:
        """Joins the two."""
        return nn.relu(normalise(x + answer @ self.weight))
