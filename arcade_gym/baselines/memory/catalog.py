"""Memories by name."""

import difflib
from collections.abc import Callable

import jax

from arcade_gym.baselines.memory.cells import GRU, LRU, MinGRU, NoMemory
from arcade_gym.baselines.memory.protocol import Memory
from arcade_gym.baselines.memory.stacked import Stacked
from jax_core.types import AnyKey

_CELLS: dict[str, Callable[..., Memory]] = {
    "none": NoMemory,
    "gru": GRU,
    "mingru": MinGRU,
    "lru": LRU,
}


def memory_names() -> tuple[str, ...]:
    """All names that `make_memory` takes, in lower case."""
    return tuple(_CELLS)


def make_memory(name: str, width: int, *, layers: int = 1, key: AnyKey) -> Memory:
    """Builds a memory that maps `width` numbers a row to as many.

    Args:
        name: one of `memory_names()`, in any case.
        width: at least 1.
        layers: memories on top of one another, at least 1; between two of them stands
            the bypass of the networks.
        key: for the initial weights.

    Raises:
        ValueError: unknown name, or a number that is too small.
    """
    cell = _CELLS[_known(name)]
    for argument, number in (("width", width), ("layers", layers)):
        if number < 1:
            raise ValueError(f"{argument}={number!r} must be at least 1")
    *keys, stack_key = jax.random.split(key, layers + 1)
    memories = [cell(width, width, key=one) for one in keys]
    return memories[0] if layers == 1 else Stacked(memories, width, key=stack_key)


def _known(name: str) -> str:
    """The name in lower case."""
    names = memory_names()
    if (lower := name.lower()) in names:
        return lower
    nearest = difflib.get_close_matches(lower, names, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"Unknown memory {name!r}. Did you mean {nearest!r}? All: {', '.join(names)}"
    )
