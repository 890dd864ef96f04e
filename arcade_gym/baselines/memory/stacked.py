"""Memories on top of one another."""

from collections.abc import Sequence

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float32

from arcade_gym.baselines.layers import Bypass
from arcade_gym.baselines.memory.protocol import Carry, Memory
from jax_core.types import AnyKey


class Stacked(eqx.Module):
    """Several memories; between two of them stands the bypass of the networks."""

    memories: tuple[Memory, ...]
    bypasses: tuple[Bypass, ...]  # one less

    def __init__(self, memories: Sequence[Memory], width: int, *, key: AnyKey) -> None:
        """Takes memories that map `width` numbers to as many."""
        keys = jax.random.split(key, len(memories))
        self.memories = tuple(memories)
        self.bypasses = tuple(Bypass(width, width, key=one) for one in keys[1:])

    def initial_carry(self) -> tuple[Carry, ...]:
        """Those of the memories, lowest first."""
        return tuple(memory.initial_carry() for memory in self.memories)

    def __call__(
        self,
        carry: tuple[Carry, ...],
        x: Float32[Array, "T width"],
        first: Bool[Array, " T"],
    ) -> tuple[tuple[Carry, ...], Float32[Array, "T width"]]:
        """Answers with what the highest memory answers."""
        lowest, *others = self.memories
        after, answer = lowest(carry[0], x, first)
        carries = [after]
        for memory, bypass, before in zip(
            others, self.bypasses, carry[1:], strict=True
        ):
            x = bypass(x, answer)
            after, answer = memory(before, x, first)
            carries.append(after)
        return tuple(carries), answer
