"""Text in the font of the games, for films and windows."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool

from jax_core.rendering import font

LINE = font.GLYPH_HEIGHT + 3  # dots from a line of text to the next one
_MISSING = "?"  # stands for characters that the font lacks

Ink = Bool[np.ndarray, "rows columns"]


def ink(text: str) -> Ink:
    """One line of text, five dots high; true is ink."""
    shown = "".join(c if c in font.GLYPHS else _MISSING for c in text.upper())
    return np.array([list(row) for row in font.write(shown)], np.str_) == "#"


def width(text: str) -> int:
    """Dots of a line of text from left to right."""
    return ink(text).shape[1] if text else 0


def wrap(text: str, room: int) -> list[str]:
    """Breaks a text into lines of at most `room` dots, where words allow; at least one.

    A word that is too long is broken too.
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if width(joined) <= room:
            lines[-1] = joined
        else:
            lines += _broken(word, room)
    return lines if len(lines) == 1 or lines[0] else lines[1:]


def _broken(word: str, room: int) -> Iterator[str]:
    """Pieces of a word that fit; one character if even that is too wide."""
    start = 0
    for stop in range(1, len(word) + 1):
        if stop - start > 1 and width(word[start:stop]) > room:
            yield word[start : stop - 1]
            start = stop - 1
    yield word[start:]
