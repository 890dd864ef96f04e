"""The memories of memax, which other authors wrote, behind our protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32

from arcade_gym.baselines.memory.protocol import Carry
from jax_core.types import AnyKey

MODELS = (
    "MLP",
    "NMax",
    "FART",
    "FWP",
    "DeltaNet",
    "DeltaProduct",
    "GDN",
    "FFM",
    "S6",
    "PSpherical",
    "LRU",
    "LinearRNN",
    "Stack",
    "Attention",
    "Attention-RoPE",
    "Attention-ALiBi",
    "GRU",
    "Elman",
    "ElmanReLU",
    "Spherical",
    "MGU",
    "LSTM",
)
"""Names of memax 0.1.1, in its order and spelling."""


_HARDLY_POSITIVE = 1e-12  # far below the 1e-6 that DeltaNet adds to the norm


class MemaxMemory(eqx.Module):
    """One layer of a model of memax, between two dense layers that memax adds.

    Carries have float32, complex64, int32 and bool leaves, scalars and empty ones
    among them. `Stack` keeps 4 rows, memax's default: its weights grow with them.
    """

    model: Any

    def __init__(
        self, name: str, features: int, width: int, *, window: int, key: AnyKey
    ) -> None:
        """Builds a model.

        Args:
            name: one of `MODELS`.
            features: numbers of a row.
            width: numbers that it answers with.
            window: rows that attention looks back on, the present one included.
            key: for the weights.

        Raises:
            ImportError: memax is not installed.
        """
        try:
            from memax.equinox.train_utils import (  # noqa: PLC0415  # optional, slow
                get_residual_memory_model,
            )
        except ModuleNotFoundError as error:
            raise ImportError(
                f"The memory {name!r} needs {error.name}: "
                "pip install 'arcade-gym[baselines]'"
            ) from error
        attends = name.startswith("Attention")
        with _default_promotion():
            model = get_residual_memory_model(
                name,
                input=features,
                hidden=width,
                output=width,
                num_layers=1,
                key=key,
                layer_kwargs={name: {"window_size": window}} if attends else None,
            )
        self.model = _never_silent(model) if name == "DeltaNet" else model

    def initial_carry(self) -> Carry:
        """That of the model."""
        with _default_promotion():
            ((state, _),) = self.model.initialize_carry()  # one layer
        return state

    def __call__(
        self, carry: Carry, x: Float32[Array, "T F"], first: Bool[Array, " T"]
    ) -> tuple[Carry, Float32[Array, "T H"]]:
        """Answers with the output of the model."""
        # memax forgets by multiplying with 0, which would keep NaN and infinity.
        fresh = self.initial_carry()
        carry = jax.tree.map(partial(jnp.where, first[0]), fresh, carry)
        # The flag beside a state says whether it ever forgot. No answer depends on it.
        flag = jnp.zeros((), jnp.bool_)
        with _default_promotion():
            states, answers = self.model(((carry, flag),), (x, first))
            ((state, _),) = self.model.latest_recurrent_state(states)
        return state, answers


class _NeverSilent(eqx.Module):
    """Makes one number slightly positive where relu would leave nothing.

    DeltaNet divides relu(K x) by its norm, whose gradient at 0 is NaN. With 11 keys,
    the number of width 128, that is one row in 2048 at first.
    """

    linear: Any

    def __call__(self, x: Float32[Array, " F"]) -> Float32[Array, " keys"]:
        y = self.linear(x)
        silent = (y <= 0.0).all()
        return jnp.where(silent & (jnp.arange(len(y)) == 0), _HARDLY_POSITIVE, y)


def _never_silent(model: Any) -> Any:
    def keys_and_queries(model: Any) -> list[Any]:
        return [part for layer in model.layers for part in (layer.K, layer.Q)]

    return eqx.tree_at(keys_and_queries, model, replace_fn=_NeverSilent)


@contextmanager
def _default_promotion() -> Iterator[None]:
    """Memax relies on JAX's defaults, which a caller may have made stricter."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield
