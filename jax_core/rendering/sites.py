"""A frame as lookups in one table of words, made with NumPy at trace time.

A *word* is what a GPU draws at once: four bytes of a frame, or one byte where the bytes
of a frame cannot be divided by four. What a word shows is decided by the looks of a few
cells: mostly of one, of two where cells meet inside the word, of more where layers lie
over layers. Words that are decided by the same cells make a *site*. The ids of these
cells, read as digits of a number, name a *line* of the site in a table, and every word
has a fixed place in all lines of its site. So any word of any frame is

    table[where the line begins that its site shows + place of the word]

Words that look alike in every line share their place, which keeps tables small enough
for the fastest caches. Where a site would have too many lines, words are cut into parts
that are looked up one by one; if that is not enough, layers are spread over tables.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt, UInt8

from jax_core.rendering.layers import NO_CELL, Bytes, CellLayer, Look, word_bytes
from jax_core.rendering.layout import Format
from jax_core.rendering.painting import paint_still
from jax_core.rendering.scene import Still

_MOST_WORDS = 2**18  # of a table, about a megabyte
_MOST_LINES = 256  # of a site that words of smaller sites may join

Indices = Int[np.ndarray, " _words"]
Digits = Int[np.ndarray, "_sites _digits"]


class Ground(NamedTuple):
    """A still over the pixel rows from `top` to before `bottom`."""

    still: Still
    top: int
    bottom: int


@dataclass(frozen=True, eq=False)
class Table:
    """The words of some layers, and where to find them.

    Attributes:
        words: all lines of all sites, uint32 or uint8.
        covers: the bits of these that layers show.
        first_line: of each site, where its line for empty cells begins.
        cells: the cells that decide a site, counted through all layers; padded with 0.
        strides: words from one id of such a cell to the next; padded with 0.
        sites: of each part of each word of the frame.
        places: of each part of each word of the frame.
    """

    words: UInt[np.ndarray, " entries"]
    covers: UInt[np.ndarray, " entries"]
    first_line: UInt[np.ndarray, " sites"]
    cells: UInt[np.ndarray, "sites digits"]
    strides: UInt[np.ndarray, "sites digits"]
    sites: UInt[np.ndarray, "parts words"]
    places: UInt[np.ndarray, "parts words"]


@functools.cache
def make_tables(
    grounds: tuple[Ground, ...], layers: tuple[CellLayer, ...], form: Format
) -> tuple[tuple[Table, slice], ...]:
    """Makes the tables of a frame, mostly one.

    Args:
        grounds: what the layers lie on; black where there is none.
        layers: a later one covers an earlier one.
        form: of the frame.

    Returns:
        Tables, each with the layers that it draws, the lowest ones first.
    """
    ground = np.zeros(form.shape, np.uint8)
    for still, top, bottom in grounds:
        ground[top:bottom] = paint_still(still, form)[top:bottom]
    return tuple(_fit(ground.reshape(-1), layers, slice(0, len(layers)), form))


class _Words(NamedTuple):
    """Parts of words: their bytes, and what lies on these."""

    byte: Int[np.ndarray, "words bytes"]  # of the frame
    ground: UInt8[np.ndarray, "words bytes"]  # 0 in bytes of other parts
    cells: Int[np.ndarray, "words bytes layers"]  # through all layers, or NO_CELL

    def at(self, index: Indices) -> "_Words":
        """Some of the words."""
        return _Words(*(array[index] for array in self))


class _Block(NamedTuple):
    """The words of all sites whose cells are of the same layers."""

    words: Indices
    places: Indices  # of these words
    ground: UInt8[np.ndarray, "places bytes"]
    digits: tuple[tuple[CellLayer, Bytes], ...]  # of a line, at each place

    @property
    def strides(self) -> list[int]:
        """Words of the table: all, and from one value of each digit to the next."""
        lines = [layer.num_looks for layer, _ in reversed(self.digits)]
        return (len(self.ground) * np.cumprod([1, *lines])).tolist()[::-1]

    def lines(self) -> Look:
        """All lines in the order of their numbers."""
        colors, covers = self.ground[None], np.zeros_like(self.ground[None], np.bool_)
        shape = (-1, *self.ground.shape)
        for layer, some in self.digits:
            color, cover = layer.looks(some)
            colors = np.where(cover, color, colors[:, None]).reshape(shape)
            covers = (cover | covers[:, None]).reshape(shape)
        return colors, covers


def _fit(
    ground: UInt8[np.ndarray, " bytes"],
    layers: tuple[CellLayer, ...],
    drawn: slice,
    form: Format,
) -> list[tuple[Table, slice]]:
    """Draws some of the layers with one table, or each half of them with others."""
    some = layers[drawn]
    most_parts = word_bytes(form)
    for parts in (1, 2, 4)[: most_parts.bit_length()]:
        words = _cut(ground, some, parts, form)
        sites, site_of_word = _find_sites(words, some)
        blocks = _find_blocks(words, sites[site_of_word], some)
        num_words = sum(block.strides[0] for block in blocks)
        if num_words <= _MOST_WORDS or (parts == most_parts and len(some) == 1):
            return [(_join(blocks, sites, site_of_word.reshape(parts, -1)), drawn)]
    middle = (drawn.start + drawn.stop) // 2
    lower, upper = slice(drawn.start, middle), slice(middle, drawn.stop)
    return [
        *_fit(ground, layers, lower, form),
        *_fit(np.zeros_like(ground), layers, upper, form),
    ]


def _cut(
    ground: UInt8[np.ndarray, " bytes"],
    layers: Sequence[CellLayer],
    parts: int,
    form: Format,
) -> _Words:
    """Cuts a frame into words and these into parts; all first parts come first."""
    first = _first_cells(layers)
    cells = [
        np.where(cells == NO_CELL, NO_CELL, cells + first[index])
        for index, cells in enumerate(layer.cells() for layer in layers)
    ]
    size = word_bytes(form)
    byte = np.arange(len(ground)).reshape(-1, size)
    cells = np.stack(cells, axis=-1)[byte]
    pieces = []
    for part in range(parts):
        own = np.arange(size) * parts // size == part
        no_cells = np.where(own[:, None], cells, NO_CELL)
        pieces.append(_Words(byte, np.where(own, ground[byte], 0), no_cells))
    return _Words(*(np.concatenate(arrays) for arrays in zip(*pieces, strict=True)))


def _first_cells(layers: Sequence[CellLayer]) -> Int[np.ndarray, " layers_and_end"]:
    """The number of each layer's first cell, and of all cells."""
    return np.cumsum([0, *(layer.num_cells for layer in layers)])


def _find_sites(words: _Words, layers: Sequence[CellLayer]) -> tuple[Digits, Indices]:
    """The cells of each site, padded with NO_CELL, and the site of each word."""
    cells = np.sort(words.cells.reshape(len(words.cells), -1), axis=1)
    cells[:, 1:][cells[:, 1:] == cells[:, :-1]] = NO_CELL
    cells = np.sort(cells, axis=1)
    sites, site_of_word = _distinct(cells[:, (cells != NO_CELL).any(axis=0)])
    looks = np.repeat(
        [layer.num_looks for layer in layers], [layer.num_cells for layer in layers]
    )
    joined, site_of_site = _distinct(sites[_larger_sites(sites, looks)])
    return joined, site_of_site[site_of_word]


def _larger_sites(sites: Digits, looks: Indices) -> Indices:
    """A site that has all cells of each site, and maybe more, for there to be few."""
    cells = [frozenset(site[site != NO_CELL].tolist()) for site in sites]
    order = sorted(range(len(sites)), key=lambda index: -len(cells[index]))
    larger = np.arange(len(sites))
    with_cell: dict[int, list[int]] = {}
    for index in order:
        own = cells[index]
        # The first host is the same in the list of any cell; short lists are fast.
        hosts = min((with_cell.get(cell, []) for cell in own), key=len, default=[])
        host = next((host for host in hosts if own <= cells[host]), None)
        if host is not None:
            larger[index] = host
        elif np.prod(looks[list(own)]) <= _MOST_LINES:
            for cell in own:
                with_cell.setdefault(cell, []).append(index)
    return larger


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, Indices]:
    """The different rows in the order of their first ones, and which each row is."""
    rows = np.ascontiguousarray(rows)
    if rows.shape[1] == 0:
        return rows[:1], np.zeros(len(rows), np.intp)
    whole = rows.view(np.dtype((np.void, rows[0].nbytes)))[:, 0]
    _, first, found = np.unique(whole, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return rows[first[order]], np.argsort(order)[found.reshape(-1)]


def _find_blocks(
    words: _Words, cells: Digits, layers: Sequence[CellLayer]
) -> list[_Block]:
    """Groups words by the layers of the cells that decide them."""
    first = _first_cells(layers)
    owners = np.searchsorted(first, cells, side="right") - 1  # len(layers) for NO_CELL
    kinds, kind_of_word = _distinct(owners)
    blocks = []
    for index, kind in enumerate(kinds):
        found = np.flatnonzero(kind_of_word == index)
        some = words.at(found)
        digits = [
            (layers[owner], _bytes_of(some, owner, cells[found, digit], first[owner]))
            for digit, owner in enumerate(kind[kind < len(layers)].tolist())
        ]
        features = [some.ground, *(layer.features(own) for layer, own in digits)]
        _, places = _distinct(np.concatenate(features, axis=1))
        _, at = np.unique(places, return_index=True)
        shown = tuple(
            (layer, Bytes(*(array[at] for array in own))) for layer, own in digits
        )
        blocks.append(_Block(found, places, some.ground[at], shown))
    return blocks


def _bytes_of(words: _Words, layer: int, cells: Indices, first: Any) -> Bytes:
    own = words.cells[:, :, layer] == cells[:, None]
    return Bytes(words.byte, own, cells - first)


def _join(
    blocks: Sequence[_Block],
    sites: Digits,
    site_of_word: Int[np.ndarray, "parts words"],
) -> Table:
    """Puts the lines of all blocks into one table."""
    first_line = np.zeros(len(sites), np.uint32)
    strides = np.zeros(sites.shape, np.uint32)
    places = np.zeros(site_of_word.size, np.uint32)
    first = 0
    for block in blocks:
        num_words, *its_strides = block.strides
        its_sites = site_of_word.reshape(-1)[block.words]
        first_line[its_sites] = first
        strides[its_sites, : len(its_strides)] = its_strides
        places[block.words] = block.places
        first += num_words
    colors, covers = zip(*(block.lines() for block in blocks), strict=True)
    return Table(
        words=_as_words(colors),
        covers=_as_words([np.where(c, np.uint8(0xFF), np.uint8(0)) for c in covers]),
        first_line=first_line,
        cells=np.where(sites == NO_CELL, 0, sites).astype(np.uint32),
        strides=strides,
        sites=site_of_word.astype(np.uint32),
        places=places.reshape(site_of_word.shape),
    )


def _as_words(
    blocks: Sequence[UInt8[np.ndarray, "_lines _places _bytes"]],
) -> UInt[np.ndarray, " entries"]:
    rows = np.concatenate([block.reshape(-1, block.shape[2]) for block in blocks])
    return rows.view(np.uint32 if rows.shape[1] == 4 else np.uint8).reshape(-1)
