"""Checks the fields of a dataclass against their annotations."""

import types
import typing
from dataclasses import fields
from typing import Any


def check(instance: Any) -> None:
    """Refuses a field whose value is not of its annotated type.

    Numbers, text, paths, None, dataclasses and unions of them are understood. An int
    may stand for a float, and a bool for neither.

    Raises:
        TypeError: names the field, the type and the value.
    """
    hints = typing.get_type_hints(type(instance))
    for field in fields(instance):
        value = getattr(instance, field.name)
        allowed = _members(hints[field.name])
        if not any(_fits(value, kind) for kind in allowed):
            words = " or ".join(
                "None" if kind is type(None) else kind.__name__ for kind in allowed
            )
            raise TypeError(f"{field.name} must be {words}, got {value!r}")


def _members(hint: Any) -> tuple[type, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind)
