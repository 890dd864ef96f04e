"""The seven Tetris pieces I, O, T, S, Z, J and L: their shapes, and bags of them."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int8, Int32

from jax_core import random
from jax_core.compilation import compute_once
from jax_core.types import Key

NUM_PIECES = 7
BOX = 4  # cells of a side of a piece's box

# The boxes of rotations 0..3 side by side, in the order of the pieces.
_PIECE_ART = """
.... ..#. .... .#..   .... .... .... ....   .... .... .... ....   .... .... .... ....
#### ..#. .... .#..   .##. .##. .##. .##.   .#.. .#.. .... .#..   .##. .#.. .... #...
.... ..#. #### .#..   .##. .##. .##. .##.   ###. .##. ###. ##..   ##.. .##. .##. ##..
.... ..#. .... .#..   .... .... .... ....   .... .#.. .#.. .#..   .... ..#. ##.. .#..

.... .... .... ....   .... .... .... ....   .... .... .... ....
##.. ..#. .... .#..   #... .##. .... .#..   ..#. .#.. .... ##..
.##. .##. ##.. ##..   ###. .#.. ###. .#..   ###. .#.. ###. .#..
.... .#.. .##. #...   .... .#.. ..#. ##..   .... .##. #... .#..
"""


def _parse_pieces(art: str) -> Int32[np.ndarray, "7 4"]:
    """A box as 16 bits: bit 4 * row + column."""
    boxes: list[int] = []
    for block in art.strip().split("\n\n"):
        rows = [line.split() for line in block.splitlines()]
        for box in zip(*rows, strict=True):
            cells = "".join(box)
            boxes.append(sum(1 << bit for bit, cell in enumerate(cells) if cell == "#"))
    return np.array(boxes, np.int32).reshape(NUM_PIECES, BOX)


BOXES = _parse_pieces(_PIECE_ART)
"""[piece, rotation]; bit 4 * row + column of an entry is a cell."""


def draw_bag(key: Key) -> Int8[Array, "7"]:
    """A uniformly random permutation: the ranks of seven random words."""
    words = compute_once(random.bits(key, (NUM_PIECES,)))
    index = np.arange(NUM_PIECES)
    is_earlier = index[None] < index[:, None]  # settles ties
    mine, other = words[:, None], words[None]
    is_below = (other < mine) | ((other == mine) & is_earlier)
    return jnp.sum(is_below, axis=1, dtype=jnp.int8)
