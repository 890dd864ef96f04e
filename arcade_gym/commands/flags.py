"""How the commands of the baselines read flags."""

from typing import Any

import tyro
from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
)

FLAGS = (
    tyro.conf.OmitArgPrefixes,
    tyro.conf.AvoidSubcommands,
    tyro.conf.SuppressFixed,
)
"""Fields of nested dataclasses become plain flags: `--learning-rate`."""

NUMBERS = ConstructorRegistry()
"""Whole numbers may be written as 1e5."""


@NUMBERS.primitive_rule
def _whole_numbers(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[int] | None:
    if info.type is not int:
        return None
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="INT",
        instance_from_str=lambda texts: whole_number(texts[0]),
        is_instance=_is_whole,
        str_from_instance=lambda value: [str(value)],
    )


def whole_number(text: str) -> int:
    """Reads "100000", "100_000" and "1e5".

    Raises:
        ValueError: it is none, or not whole.
    """
    try:
        return int(text)
    except ValueError:
        pass
    value = float(text)
    if not value.is_integer():
        raise ValueError(f"must be a whole number, such as 1e5, got {text!r}")
    return int(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
