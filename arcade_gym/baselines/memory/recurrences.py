"""Linear recurrences: step by step, or as a tree of products."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float32

_TREE_PAYS_FROM = 64  # rows

Numbers = Any
"""Float32 arrays of one shape: one array, or (real, imaginary)."""

Product = Callable[[Numbers, Numbers], Numbers]


class Form(Enum):
    """How a recurrence is computed; results agree up to rounding."""

    SCAN = "T steps after one another"
    TREE = "about 2 log2(T) steps, each over all rows"


def best_form(rows: int) -> Form:
    """The faster one. CPUs gain nothing from the tree."""
    on_cpu = jax.default_backend() == "cpu"
    return Form.SCAN if on_cpu or rows < _TREE_PAYS_FROM else Form.TREE


def real_product(a: Array, b: Array) -> Array:
    """Product of real numbers."""
    return a * b


def complex_product(
    a: tuple[Array, Array], b: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Product of complex numbers, each a pair (real, imaginary)."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def linear_recurrence(
    product: Product,
    carry: Numbers,
    decay: Numbers,
    drive: Numbers,
    first: Bool[Array, " T"],
    form: Form | None = None,
) -> Numbers:
    """All h[t] = decay[t] h[t - 1] + drive[t], where h[t - 1] is 0 in first rows.

    Args:
        product: of two numbers.
        carry: h before the first row, [H].
        decay: [T, H].
        drive: [T, H].
        first: where h starts again at 0, whatever it was, NaN included.
        form: None takes the faster one.

    Returns:
        h of every row, [T, H].
    """
    recur = _tree if (form or best_form(len(first))) is Form.TREE else _scan
    return recur(product, carry, decay, drive, first)


def _scan(
    product: Product, carry: Numbers, decay: Numbers, drive: Numbers, first: Array
) -> Numbers:
    def step(
        h: Numbers, row: tuple[Numbers, Numbers, Array]
    ) -> tuple[Numbers, Numbers]:
        decay, drive, is_first = row
        h = _sum(product(decay, _zero_where(is_first, h)), drive)
        return h, h

    return lax.scan(step, carry, (decay, drive, first))[1]


def _tree(
    product: Product, carry: Numbers, decay: Numbers, drive: Numbers, first: Array
) -> Numbers:
    def both(earlier: Any, later: Any) -> tuple[Numbers, Numbers]:
        (decay, drive), (later_decay, later_drive) = earlier, later
        return (
            product(later_decay, decay),
            _sum(product(later_decay, drive), later_drive),
        )

    head = product(_at(decay, 0), _zero_where(first[0], carry))
    drive = jax.tree.map(lambda all_, one: all_.at[0].add(one), drive, head)
    decay = _zero_where(first[:, None], decay)
    return lax.associative_scan(both, (decay, drive))[1]


def _sum(a: Numbers, b: Numbers) -> Numbers:
    return jax.tree.map(jnp.add, a, b)


def _at(numbers: Numbers, row: int) -> Numbers:
    return jax.tree.map(lambda all_: all_[row], numbers)


def _zero_where(first: Array, numbers: Numbers) -> Numbers:
    def chosen(old: Float32[Array, "*shape"]) -> Float32[Array, "*shape"]:
        return jnp.where(first, jnp.zeros_like(old), old)

    return jax.tree.map(chosen, numbers)
