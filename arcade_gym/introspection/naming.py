"""Choices that may be given by name."""

from enum import Enum
from typing import TypeVar

from jax_core.registry import unknown

Choice = TypeVar("Choice", bound=Enum)


def member(kind: type[Choice], name: Choice | str) -> Choice:
    """Takes a member of an enumeration whose values are names, or the name of one.

    Args:
        kind: the enumeration.
        name: of the member, or itself.

    Raises:
        ValueError: it is unknown; names the nearest one.
    """
    names = tuple(one.value for one in kind)
    if not isinstance(name, kind) and name not in names:
        raise ValueError(unknown(kind.__name__.lower(), name, names))
    return kind(name)
