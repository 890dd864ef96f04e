"""Four memories of our own: none, GRU, MinGRU and LRU."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn
from jaxtyping import Array, Bool, Float32

from arcade_gym.baselines.layers import Dense, normalise, orthogonal
from arcade_gym.baselines.memory.recurrences import (
    complex_product,
    linear_recurrence,
    real_product,
)
from jax_core.types import AnyKey

Rows = Float32[Array, "T F"]
Answers = Float32[Array, "T H"]
First = Bool[Array, " T"]
Vector = Float32[Array, " H"]

MIN_RADIUS, MAX_RADIUS = 0.5, 0.999  # ring of the eigenvalues of LRU
LONGEST = 128.0  # rows that the slowest unit of MinGRU averages over


class NoMemory(eqx.Module):
    """A hidden layer in the memory's place, so that networks are equally deep."""

    hidden: Dense

    def __init__(self, features: int, width: int, *, key: AnyKey) -> None:
        """Maps `features` numbers to `width`."""
        self.hidden = Dense(features, width, key=key)

    def initial_carry(self) -> tuple[()]:
        """Nothing."""
        return ()

    def __call__(
        self, carry: tuple[()], x: Rows, first: First
    ) -> tuple[tuple[()], Answers]:
        """Treats every row by itself."""
        del first  # there is nothing to forget
        return carry, nn.relu(normalise(self.hidden(x)))


class GRU(eqx.Module):
    """Gated recurrent unit, with the reset gate behind the recurrent product.

    Source: Cho et al. 2014. In that form one product serves all three gates of a step.
    """

    inward: Float32[Array, "F gates"]  # reset, update, candidate
    recurrent: Float32[Array, "H gates"]
    bias: Float32[Array, " gates"]

    def __init__(self, features: int, width: int, *, key: AnyKey) -> None:
        """Maps `features` numbers to a state of `width`."""
        inward_key, recurrent_key = jax.random.split(key)
        self.inward = _gates(features, width, inward_key)
        self.recurrent = _gates(width, width, recurrent_key)
        self.bias = jnp.zeros(3 * width, jnp.float32)

    def initial_carry(self) -> Vector:
        """Zeros."""
        return jnp.zeros_like(self.recurrent[:, 0])

    def __call__(self, carry: Vector, x: Rows, first: First) -> tuple[Vector, Answers]:
        """Answers with its state after each row."""
        drive = x @ self.inward + self.bias[None]

        def step(h: Vector, row: tuple[Any, Any]) -> tuple[Vector, Vector]:
            drive, is_first = row
            h = jnp.where(is_first, jnp.zeros_like(h), h)
            reset_x, update_x, candidate_x = jnp.split(drive, 3)
            reset_h, update_h, candidate_h = jnp.split(h @ self.recurrent, 3)
            update = nn.sigmoid(update_x + update_h)
            reset = nn.sigmoid(reset_x + reset_h)
            candidate = jnp.tanh(candidate_x + reset * candidate_h)
            h = update * h + (1.0 - update) * candidate
            return h, h

        return lax.scan(step, carry, (drive, first))


class MinGRU(eqx.Module):
    """A GRU whose gate sees the row alone, which makes it a linear recurrence.

    h[t] = (1 - z) h[t - 1] + z c with z = sigmoid(gate(x[t])) and c = candidate(x[t]).
    At first the units average over 2 to `LONGEST` rows, spread evenly on a log scale.

    Source: Feng et al. 2024; the spread follows Tallec & Ollivier 2018.
    """

    gate: Dense
    candidate: Dense

    def __init__(self, features: int, width: int, *, key: AnyKey) -> None:
        """Maps `features` numbers to a state of `width`."""
        gate_key, candidate_key = jax.random.split(key)
        rows = np.geomspace(2.0, LONGEST, width)
        bias = jnp.asarray(-np.log(rows - 1.0), jnp.float32)
        self.gate = Dense(features, width, key=gate_key, bias=bias)
        self.candidate = Dense(features, width, key=candidate_key)

    def initial_carry(self) -> Vector:
        """Zeros."""
        return jnp.zeros_like(self.gate.bias)

    def __call__(self, carry: Vector, x: Rows, first: First) -> tuple[Vector, Answers]:
        """Answers with its state after each row."""
        gate = self.gate(x)
        # sigmoid(-gate) is 1 - sigmoid(gate) without the loss of digits near 1.
        drive = nn.sigmoid(gate) * self.candidate(x)
        h = linear_recurrence(real_product, carry, nn.sigmoid(-gate), drive, first)
        return h[-1], h


class LRU(eqx.Module):
    """Linear recurrent unit: one complex number a unit that turns and shrinks.

    Complex numbers are pairs of float32, as carries and for optimizers.

    Source: Orvieto et al. 2023, equations 5 to 8.
    """

    log_rate: Vector  # the radius is exp(-exp(log_rate))
    log_angle: Vector
    log_gain: Vector  # of the input
    inward: Float32[Array, "F parts"]
    outward: Float32[Array, "parts H"]

    def __init__(self, features: int, width: int, *, key: AnyKey) -> None:
        """Maps `features` numbers to a state of `width` complex numbers."""
        ring_key, angle_key, inward_key, outward_key = jax.random.split(key, 4)
        # Uniform in the area of the ring; both ends stay finite under log.
        lowest, highest = MIN_RADIUS**2, MAX_RADIUS**2
        square = jax.random.uniform(ring_key, (width,), jnp.float32, lowest, highest)
        angle = jax.random.uniform(angle_key, (width,), jnp.float32, 1e-4, 2 * np.pi)
        self.log_rate = jnp.log(-0.5 * jnp.log(square))
        self.log_angle = jnp.log(angle)
        self.log_gain = 0.5 * jnp.log(1.0 - square)
        self.inward = _normal(inward_key, (features, 2 * width), 2 * features)
        self.outward = _normal(outward_key, (2 * width, width), width)

    def initial_carry(self) -> tuple[Vector, Vector]:
        """Zeros, real and imaginary."""
        return jnp.zeros_like(self.log_rate), jnp.zeros_like(self.log_rate)

    def __call__(
        self, carry: tuple[Vector, Vector], x: Rows, first: First
    ) -> tuple[tuple[Vector, Vector], Answers]:
        """Answers with a real projection of its state after each row."""
        radius, angle = jnp.exp(-jnp.exp(self.log_rate)), jnp.exp(self.log_angle)
        gain = jnp.tile(jnp.exp(self.log_gain), 2)
        real, imaginary = jnp.split(x @ self.inward * gain[None], 2, axis=-1)
        decay = tuple(
            jnp.broadcast_to(radius * part, real.shape)
            for part in (jnp.cos(angle), jnp.sin(angle))
        )
        h = linear_recurrence(complex_product, carry, decay, (real, imaginary), first)
        return (h[0][-1], h[1][-1]), jnp.concatenate(h, axis=-1) @ self.outward


def _gates(inputs: int, width: int, key: AnyKey) -> Float32[Array, "inputs gates"]:
    keys = jax.random.split(key, 3)
    return jnp.concatenate([orthogonal(inputs, width, key=k) for k in keys], axis=1)


def _normal(key: AnyKey, shape: tuple[int, int], squared: int) -> Array:
    return jax.random.normal(key, shape, jnp.float32) / np.float32(squared**0.5)
