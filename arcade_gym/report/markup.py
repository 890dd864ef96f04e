"""HTML and SVG: elements whose text is escaped."""

import html
from typing import Any

_VOID = ("input", "meta")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: Any) -> Markup:
    """One element.

    Args:
        tag: its name.
        children: `Markup`, or text that is escaped.
        attributes: names with `_` for `-`, and one at the end of `class_` or `for_`;
            None and False leave an attribute out, True needs no value.
    """
    shown = "".join(
        _attribute(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{joined(*children)}</{tag}>")


def joined(*parts: str) -> Markup:
    """Elements and texts one after the other."""
    return Markup(
        "".join(p if isinstance(p, Markup) else html.escape(p) for p in parts)
    )


def _attribute(name: str, value: Any) -> str:
    # SVG has names in mixed case.
    name = {"viewbox": "viewBox"}.get(name, name)
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
