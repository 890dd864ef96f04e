"""A font five pixels high, as text art: `#` is ink. All digits are three wide."""

import numpy as np

GLYPH_HEIGHT = 5

_ART = """
A .#.  B ##.  C .##  D ##.  E ###  F ###  G .##  H #.#  I ###  J ..#  K #.#  L #..
  #.#    #.#    #..    #.#    #..    #..    #..    #.#    .#.    ..#    #.#    #..
  ###    ##.    #..    #.#    ##.    ##.    #.#    ###    .#.    ..#    ##.    #..
  #.#    #.#    #..    #.#    #..    #..    #.#    #.#    .#.    #.#    #.#    #..
  #.#    ##.    .##    ##.    ###    #..    .##    #.#    ###    .#.    #.#    ###

O ###  P ##.  R ##.  S .##  T ###  U #.#  V #.#  X #.#  Y #.#  Z ###  - ...  . ...
  #.#    #.#    #.#    #..    .#.    #.#    #.#    #.#    #.#    ..#    ...    ...
  #.#    ##.    ##.    .#.    .#.    #.#    #.#    .#.    .#.    .#.    ###    ...
  #.#    #..    #.#    ..#    .#.    #.#    #.#    #.#    .#.    #..    ...    ...
  ###    #..    #.#    ##.    .#.    ###    .#.    #.#    .#.    ###    ...    .#.

0 ###  1 .#.  2 ###  3 ###  4 #.#  5 ###  6 ###  7 ###  8 ###  9 ###
  #.#    ##.    ..#    ..#    #.#    #..    #..    ..#    #.#    #.#
  #.#    .#.    ###    .##    ###    ###    ###    .#.    ###    ###
  #.#    .#.    #..    ..#    ..#    ..#    #.#    .#.    #.#    ..#
  ###    ###    ###    ###    ..#    ###    ###    .#.    ###    ###

M #...#  N #..#  Q .##.  W #...#
  ##.##    ##.#    #..#    #...#
  #.#.#    #.##    #..#    #.#.#
  #...#    #..#    #.##    ##.##
  #...#    #..#    .###    #...#

; ...  : ...  , ...  + ...  = ...  _ ...  / ..#  ( .#.  ) .#.  ' .#.  ! .#.  ? ##.
  .#.    .#.    ...    .#.    ###    ...    ..#    #..    ..#    .#.    .#.    ..#
  ...    ...    ...    ###    ...    ...    .#.    #..    ..#    ...    .#.    .#.
  .#.    .#.    .#.    .#.    ###    ...    #..    #..    ..#    ...    ...    ...
  #..    ...    #..    ...    ...    ###    #..    .#.    .#.    ...    .#.    .#.
"""


def _parse(art: str) -> dict[str, tuple[str, ...]]:
    """Reads blocks of glyphs; a row has one word per glyph, the first row two."""
    glyphs: dict[str, tuple[str, ...]] = {" ": ("...",) * GLYPH_HEIGHT}
    for block in art.strip().split("\n\n"):
        first, *rest = (line.split() for line in block.splitlines())
        columns = zip(first[1::2], *rest, strict=True)
        glyphs |= dict(zip(first[::2], columns, strict=True))
    return glyphs


GLYPHS = _parse(_ART)
"""Five strings per character: upper-case letters, digits, space and punctuation."""


def _pack_digits() -> np.ndarray:
    """Bits of the rows of the ten digits, with an empty column behind."""
    rows = [[list(row + ".") for row in GLYPHS[digit]] for digit in "0123456789"]
    ink = np.array(rows) == "#"
    return (ink << np.arange(ink.shape[-1])[::-1]).sum(axis=-1, dtype=np.int32)


DIGIT_BITS = _pack_digits()
"""int32 [10, 5]: the four dots of each row of each digit, the leftmost is bit 3."""


def write(text: str) -> tuple[str, ...]:
    """Lays out one line of text as art, one empty column between characters.

    Raises:
        KeyError: the font lacks a character.
    """
    glyphs = [GLYPHS[character] for character in text.upper()]
    return tuple(
        ".".join(glyph[row] for glyph in glyphs) for row in range(GLYPH_HEIGHT)
    )
