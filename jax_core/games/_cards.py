"""What the card games share: suits, fair shuffles, and the table they are drawn on."""

from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int8, UInt32

from jax_core.game import Move
from jax_core.games._grid import draw_index
from jax_core.rendering.scene import (
    FIELD_BOTTOM,
    FIELD_TOP,
    Art,
    Band,
    Color,
    Fill,
    Grid,
    Layer,
    Lines,
    Paint,
    Rect,
    Still,
    Theme,
    Tile,
    Units,
    sprites,
)
from jax_core.types import Count

DECK = 26  # cards of one deck
HISTORY_SIZE = 9  # cards per line, and lines
MAX_DECKS = HISTORY_SIZE**2 // DECK
MAX_DECKS_REASON = f"{DECK} cards each, and the table has {HISTORY_SIZE**2} places"
HISTORY_FIELD = Rect(19, 19, 90, 90)
_FRAME = Rect(17, 17, 93, 93)  # leaves a gap, so that it is seen at every frame size
CARD_LINES = slice(0, 2)  # of the history; beside them are the large cards
_SUITS_PER_WORD = 16  # of two bits

Draw = Callable[[Any, Any], tuple[Any, Any]]
"""From cards left and an index to cards left and one bit for each suit reached."""


class Suit(IntEnum):
    """The four suits, as numbered in State."""

    HEART = 0
    SPADE = 1
    CLUB = 2
    DIAMOND = 3


def shuffle_suits(
    uniforms: Float32[Array, " cards"], num_suits: int
) -> Int8[Array, " cards"]:
    """Shuffles the multiset {i mod num_suits} of as many cards as there are numbers.

    Every card is drawn from those left, suit by suit, which is exactly the law of a
    uniformly random permutation and far cheaper than sorting. Byte k of a word has the
    cards left of suits 0..k, so one subtraction compares a draw with all suits.

    Args:
        uniforms: one number in [0, 1) per card; at most 127.
        num_suits: 1 to 4.
    """
    num_cards = len(uniforms)
    cards_left = jnp.arange(num_cards, 0, -1, dtype=jnp.int32)
    indices = jax.vmap(draw_index)(uniforms, cards_left).astype(jnp.uint32)
    bounds = np.bincount(np.arange(num_cards) % num_suits).cumsum()[:-1]
    place = 8 * np.arange(num_suits - 1)
    ones = np.uint32((1 << place).sum())
    tops = ones << np.uint32(7)

    def draw(
        bounds: UInt32[Array, ""], index: UInt32[Array, ""]
    ) -> tuple[UInt32[Array, ""], UInt32[Array, ""]]:
        # Index and bound have seven bits: the top bit stays where index >= bound.
        reached = (index * ones + tops - bounds) & tops
        return bounds - ((reached ^ tops) >> np.uint32(7)), reached

    start = np.uint32((bounds << place).sum())
    # A CPU has the loop in its caches; a GPU would launch each trip of it anew.
    return jax.lax.platform_dependent(
        indices,
        cpu=partial(deal_in_turn, draw, start),
        default=partial(deal_packed, draw, start),
    )


def deal_in_turn(
    draw: Draw, start: np.uint32, indices: UInt32[Array, " cards"]
) -> Int8[Array, " cards"]:
    """Suits of the cards drawn, one after the other."""
    _, reached = jax.lax.scan(draw, jnp.uint32(start), indices)
    return jax.lax.population_count(reached).astype(jnp.int8)


def deal_packed(
    draw: Draw, start: np.uint32, indices: UInt32[Array, " cards"]
) -> Int8[Array, " cards"]:
    """The same on a GPU, without a loop.

    One thread packs all suits of a lane, and others unpack one each. Stacked as they
    are, each would be a branch of its own, and every thread would wait for all
    branches of its neighbors.
    """

    def pack(carry: tuple[Any, Any], drawn: tuple[Any, Any]) -> tuple[Any, None]:
        (cards_left, word), (index, shift) = carry, drawn
        cards_left, reached = draw(cards_left, index)
        return (cards_left, word | jax.lax.population_count(reached) << shift), None

    shifts = 2 * np.arange(_SUITS_PER_WORD, dtype=np.uint32)
    cards_left, words = jnp.uint32(start), []
    for first in range(0, len(indices), _SUITS_PER_WORD):
        some = indices[first : first + _SUITS_PER_WORD]
        drawn = some, jnp.asarray(shifts[: len(some)])
        carry = cards_left, jnp.uint32(0)
        (cards_left, word), _ = jax.lax.scan(pack, carry, drawn, unroll=True)
        words.append(word)
    packed = jax.lax.optimization_barrier(jnp.stack(words))
    suits = packed[:, None] >> shifts[None] & np.uint32(3)
    return suits.reshape(-1)[: len(indices)].astype(jnp.int8)


def card_at(cards: Int8[Array, " cards"], index: Count) -> Count:
    """Suit of one card; heart when there is no such card."""
    wanted = np.arange(len(cards), dtype=np.int32) == index
    return jnp.sum(jnp.where(wanted, cards, jnp.int8(0)), dtype=jnp.int32)


def history_layer(
    cards: Int8[Array, " cards"], num_shown: Count, num_suits: int
) -> Grid:
    """The first cards of a row of cards, nine per line."""
    cells = HISTORY_SIZE**2
    suits = jnp.pad(cards, (0, cells - len(cards))).astype(jnp.uint8)
    shown = np.arange(cells, dtype=np.int32) < num_shown
    ids = jnp.where(shown, suits + jnp.uint8(1), jnp.uint8(0))
    return Grid(
        ids=ids.reshape(HISTORY_SIZE, HISTORY_SIZE),
        tiles=_HISTORY_TILES[:num_suits],
        rect=HISTORY_FIELD,
    )


def card_layer(left: Count, right: Count, num_suits: int) -> Grid:
    """Two large cards beside the history; suit -1 leaves the place empty."""
    between = jnp.full(_CARD_PLACES - 2, -1, jnp.int32)
    suits = jnp.concatenate([left[None], between, right[None]])
    ids = (suits + 1).astype(jnp.uint8)
    return Grid(ids=ids[None], tiles=_CARD_TILES[:num_suits], rect=_CARD_RECT)


def table_band(
    lines: slice,
    history: tuple[Grid, ...],
    layers: tuple[Layer, ...],
    table: Still,
) -> Band:
    """A strip of the card table. A layer costs nothing in strips that lack it.

    Strips end where lines of the history do, because equal lines are drawn faster.

    Args:
        lines: of the history that the strip is as high as.
        history: its layer, or nothing.
        layers: what else this strip shows.
        table: the whole table of a game, which has the strip cut out of it.
    """
    line = HISTORY_FIELD.height / HISTORY_SIZE
    top, bottom = (HISTORY_FIELD.y + row * line for row in (lines.start, lines.stop))
    rect = Rect(HISTORY_FIELD.x, top, HISTORY_FIELD.width, bottom - top)
    cut = tuple(replace(grid, ids=grid.ids[lines], rect=rect) for grid in history)
    return Band(
        layers=cut + layers,
        still=table,
        top=FIELD_TOP if lines.start == 0 else top,
        bottom=FIELD_BOTTOM if lines.stop == HISTORY_SIZE else bottom,
    )


def arrow(move: Move, x: Units, y: Units, color: Color) -> Still:
    """A small triangle around a point, for what an action of the player changes."""
    across = move in (Move.UP, Move.DOWN)
    points_back = move in (Move.UP, Move.LEFT)
    fills = []
    for index, length in enumerate((2, 6, 10) if points_back else (10, 6, 2)):
        along = 2 * index - 3
        rect = (
            Rect(x - length / 2, y + along, length, 2)
            if across
            else Rect(x + along, y - length / 2, 2, length)
        )
        fills.append(Fill(rect, color))
    return tuple(fills)


_CARD_PLACES = 9  # of which the first and the last are used
_CARD_WIDTH = 14
_CARD_RECT = Rect(1, 17, _CARD_PLACES * _CARD_WIDTH, 22)

_SUIT_ART = {
    Suit.HEART: sprites.HEART,
    Suit.SPADE: sprites.SPADE,
    Suit.CLUB: sprites.CLUB,
    Suit.DIAMOND: sprites.DIAMOND,
}

# A four-color deck. Spade and diamond are brighter on the dark field than on cards.
_HISTORY_COLORS = {
    Suit.HEART: Color.RED,
    Suit.SPADE: Color.WHITE,
    Suit.CLUB: Color.GREEN,
    Suit.DIAMOND: Color.SKY,
}
_CARD_COLORS = {
    Suit.HEART: Color.RED,
    Suit.SPADE: Color.BLACK,
    Suit.CLUB: Color.GREEN,
    Suit.DIAMOND: Color.BLUE,
}

# Tile ids: suit + 1.
_HISTORY_TILES: tuple[Tile, ...] = tuple(
    (Paint(_SUIT_ART[suit], _HISTORY_COLORS[suit], inset=0.5, on_line=True),)
    for suit in Suit
)


def _card_tile(suit: Suit) -> Tile:
    """A white card with room above and below the suit, which so keeps its shape."""
    suit_art = _SUIT_ART[suit]
    room = ("." * len(suit_art[0]),) * 8
    art: Art = room + suit_art + room
    return (
        Paint(sprites.FULL, Color.WHITE, on_line=True),
        Paint(art, _CARD_COLORS[suit], inset=1, on_line=True),
    )


_CARD_TILES: tuple[Tile, ...] = tuple(_card_tile(suit) for suit in Suit)


def _card_place(place: int, theme: Theme) -> Still:
    """The outline that an empty place shows."""
    x = _CARD_RECT.x + place * _CARD_WIDTH
    y, height = _CARD_RECT.y, _CARD_RECT.height
    return (
        Fill(Rect(x, y, _CARD_WIDTH, height), theme.line),
        Fill(Rect(x + 1, y + 1, _CARD_WIDTH - 2, height - 2), Color.BLACK),
    )


def card_table(theme: Theme) -> Still:
    """The frame around the history and the places of the two large cards."""
    return (
        Fill(_FRAME, theme.ground),
        Lines(_FRAME, 1, 1, theme.line),
        *_card_place(0, theme),
        *_card_place(_CARD_PLACES - 1, theme),
    )
