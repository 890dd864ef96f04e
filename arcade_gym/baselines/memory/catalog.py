"""Memories by name."""

from collections.abc import Callable
from functools import partial

import jax

from arcade_gym.baselines.memory.cells import GRU, LRU, MinGRU, NoMemory
from arcade_gym.baselines.memory.protocol import Memory
from arcade_gym.baselines.memory.stacked import Stacked
from arcade_gym.baselines.memory.zoo import MODELS, MemaxMemory
from jax_core.registry import unknown
from jax_core.types import AnyKey

DEFAULT_WINDOW = 128  # rows

_THEIRS = "memax:"

_CELLS: dict[str, Callable[..., Memory]] = {
    "none": NoMemory,
    "gru": GRU,
    "mingru": MinGRU,
    "lru": LRU,
}
_MODELS = {model.lower(): model for model in MODELS}


def memory_names() -> tuple[str, ...]:
    """All memories: our own, then those of memax, in lower case.

    Where both have a name ("gru", "lru"), theirs begins with "memax:".
    """
    theirs = (_THEIRS + name if name in _CELLS else name for name in _MODELS)
    return (*_CELLS, *theirs)


def canonical_name(name: str) -> str:
    """That one of `memory_names()` that is meant.

    Case does not matter, and all memories of memax may be called "memax:NAME".

    Raises:
        ValueError: there is none; the message has the nearest one.
    """
    names, lower = memory_names(), name.lower()
    bare = lower.removeprefix(_THEIRS)
    if bare in _MODELS and bare not in _CELLS:
        lower = bare
    if lower in names:
        return lower
    raise ValueError(unknown("memory", name, names))


def make_memory(
    name: str,
    width: int,
    *,
    layers: int = 1,
    window: int = DEFAULT_WINDOW,
    key: AnyKey,
) -> Memory:
    """Builds a memory that maps `width` numbers a row to as many.

    Args:
        name: one of `memory_names()`, in any case.
        width: at least 1.
        layers: memories on top of one another, at least 1; between two of them stands
            the bypass of the networks.
        window: rows that attention looks back on, at least 1; no longer than an
            episode, or the carry (window x width) is larger than need be. Other
            memories have none.
        key: for the initial weights.

    Raises:
        ImportError: a memory of memax, which is not installed.
        ValueError: unknown name, or a number that is too small.
    """
    build = _builder(canonical_name(name), window)
    for argument, number in (("width", width), ("layers", layers), ("window", window)):
        if number < 1:
            raise ValueError(f"{argument}={number!r} must be at least 1")
    *keys, stack_key = jax.random.split(key, layers + 1)
    memories = [build(width, width, key=one) for one in keys]
    return memories[0] if layers == 1 else Stacked(memories, width, key=stack_key)


def _builder(name: str, window: int) -> Callable[..., Memory]:
    if name in _CELLS:
        return _CELLS[name]
    model = _MODELS[name.removeprefix(_THEIRS)]
    return partial(MemaxMemory, model, window=window)
