"""Which values the constants of a level can have, and how wrong ones are refused."""

import math
from collections.abc import Container
from typing import Any, NamedTuple

import numpy as np

MAX_STEPS = 2**31 - 1  # `time` is int32


class Limit(NamedTuple):
    """The range of a constant.

    Attributes:
        least: the smallest value.
        largest: the largest one.
        reason: what sets the range, in a few words, for the message of an error.
        given: constants that the range depends on.
    """

    least: float
    largest: float
    reason: str = ""
    given: tuple[str, ...] = ()


def check_limits(params: Any, names: Container[str] | None = None) -> None:
    """Checks the constants of a level that have limits.

    Args:
        params: with Python's numbers, or NumPy arrays where lanes differ.
        names: looks at these only.

    Raises:
        ValueError: a constant is outside its range, NaN included.
    """
    for name, limit in params.limits().items():
        if names is not None and name not in names:
            continue
        values = np.asarray(getattr(params, name)).ravel()
        is_inside = (values >= limit.least) & (values <= limit.largest)
        if not is_inside.all():
            value = python_scalar(values[~is_inside][0])  # huge ones are Python's
            raise ValueError(_message(name, limit, value, params))


def _message(name: str, limit: Limit, value: Any, params: Any) -> str:
    text = f"{name} must be from {limit.least} to {limit.largest}"
    if limit.reason:
        text += f" ({limit.reason})"
    if not limit.given:
        return f"{text}, got {value!r}"
    given = ", ".join(f"{other}={getattr(params, other)}" for other in limit.given)
    others = " and ".join(limit.given)
    return f"{text} with {given}, got {value!r}; change {others} or {name}"


def checked_value(name: str, value: Any, kind: type) -> Any:
    """A value for a field of Params, of the kind that the level has there.

    Raises:
        ValueError: another kind of value.
    """
    number = python_scalar(value)
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    if kind is int and not (is_number and isinstance(number, int)):
        raise ValueError(f"{name} must be an integer, got {value!r}")
    if kind is float and not (is_number and math.isfinite(number)):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    if kind is bool and not isinstance(number, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return kind(number)


def python_scalar(value: Any) -> Any:
    """Makes Python's numbers of those of NumPy and JAX; others stay as they are."""
    return value.item() if getattr(value, "shape", None) == () else value
