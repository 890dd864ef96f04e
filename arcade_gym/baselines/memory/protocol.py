"""What a memory is."""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Array, Bool, Float32

Carry = Any
"""A tree of arrays: what one lane remembers. Its shapes and dtypes never change."""


@runtime_checkable
class Memory(Protocol):
    """A memory of one lane, an `equinox.Module`; `jax.vmap` makes it one of many lanes.

    Calls of one row after the other equal one call of all rows, no row depends on a
    later one, and nothing from before a first row reaches that row or a later one.
    """

    def initial_carry(self) -> Carry:
        """What is remembered before any row."""
        ...

    def __call__(
        self, carry: Carry, x: Float32[Array, "T F"], first: Bool[Array, " T"]
    ) -> tuple[Carry, Float32[Array, "T H"]]:
        """Consumes T rows.

        Args:
            carry: as `initial_carry` or an earlier call returned it.
            x: rows of F features.
            first: where an episode begins; there, the carry is replaced by the initial
                one before the row is consumed.

        Returns:
            The carry after the last row, and H numbers for each row.
        """
        ...
