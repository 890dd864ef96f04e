"""The form of drawing for GPUs: words of four bytes, each looked up in a table.

A GPU is easily bound by instructions here and not by memory, so what counts is how few
a byte takes. A whole frame is one lookup in a small table (see `sites`), whatever lies
on it: there are no layers, no masks and no pieces to join, and threads store 16 bytes
at once. Two steps lead there: the ids of all cells of a lane, and from them the line of
the table that each site shows. Both are small beside a frame.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Integer, UInt, UInt32

from jax_core.rendering.cells import ids_and_sheet
from jax_core.rendering.layers import CellLayer, Spans, Tiles
from jax_core.rendering.layout import Format, band_edges
from jax_core.rendering.scene import Band, Polygon
from jax_core.rendering.sites import Ground, Table, make_tables
from jax_core.rendering.spans import find_ids, find_spans
from jax_core.types import Frame

CellIds = Integer[Array, " _cells"]
Lines = UInt[Array, " sites"]
Words = UInt[Array, " words"]


def draw_by_words(bands: Sequence[Band], form: Format) -> Frame:
    """Draws the bands of a frame, from top to bottom."""
    grounds = tuple(Ground(band.still, *band_edges(band, form)) for band in bands)
    layers, ids = _find_cells(bands, form)
    (lowest, drawn), *others = make_tables(grounds, layers, form)
    words = _look_up(lowest.words, _find_lines(ids[drawn], lowest), lowest)
    for table, drawn in others:
        lines = _find_lines(ids[drawn], table)
        covers, colors = (
            _look_up(entries, lines, table) for entries in (table.covers, table.words)
        )
        words = (words & ~covers) | colors
    return jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(form.shape)


def _find_cells(
    bands: Sequence[Band], form: Format
) -> tuple[tuple[CellLayer, ...], list[CellIds]]:
    """All layers of cells, the lowest ones first, and the ids of their cells."""
    layers: list[CellLayer] = []
    shown: list[CellIds | Polygon] = []
    for band in bands:
        for layer in band.layers:
            if isinstance(layer, Polygon):
                spans = find_spans(layer, band, form)
                layers += spans
                shown += [layer] * len(spans)
            else:
                ids, sheet = ids_and_sheet(layer, form)
                layers.append(Tiles(sheet, *band_edges(band, form)))
                shown.append(ids.reshape(-1))
    pairs = [
        (layer, polygon)
        for layer, polygon in zip(layers, shown, strict=True)
        if isinstance(layer, Spans) and isinstance(polygon, Polygon)
    ]
    found = iter(find_ids(pairs, form))
    dtype = _smallest_dtype(max(layer.num_looks for layer in layers))
    ids = [next(found) if isinstance(item, Polygon) else item for item in shown]
    return tuple(layers), [some.astype(dtype) for some in ids]


def _smallest_dtype(count: int) -> Any:
    """The type of the numbers below `count`, in the fewest bytes."""
    return np.min_scalar_type(count - 1)


def _find_lines(ids: Sequence[CellIds], table: Table) -> Lines:
    """Where the line that each site shows begins in the table."""
    values = jnp.concatenate(ids)
    lines = jnp.asarray(table.first_line)
    for cells, strides in zip(table.cells.T, table.strides.T, strict=True):
        lines = lines + _take(values, cells).astype(jnp.uint32) * strides
    lines = lines.astype(_smallest_dtype(len(table.words)))
    # Without a barrier XLA would find the line of its site for every single word.
    return jax.lax.optimization_barrier(lines)


def _look_up(
    entries: UInt[np.ndarray, " entries"], lines: Lines, table: Table
) -> Words:
    """The words of a frame, from one array of the table."""
    words = jnp.zeros(1, entries.dtype)
    for sites, places in zip(table.sites, table.places, strict=True):
        place = _take(lines, sites).astype(jnp.uint32) + places
        words = words | jnp.asarray(entries).at[place].get(mode="promise_in_bounds")
    return words


def _take(
    values: UInt[Array, " values"], index: UInt32[np.ndarray, " words"]
) -> UInt[Array, " words"]:
    """values[index], as one flat lookup however often it is batched.

    Of a batch of lookups XLA makes the batch the last axis, and then writes it out to
    transpose it, which would cost more than all of the drawing.
    """

    @custom_vmap
    def take(batch: UInt[Array, "*batch values"]) -> UInt[Array, "*batch words"]:
        *shape, num_values = batch.shape
        lanes = batch.reshape(-1, num_values)
        first = np.uint32(num_values) * jnp.arange(len(lanes), dtype=jnp.uint32)
        place = first[:, None] + index[None]
        found = batch.reshape(-1).at[place].get(mode="promise_in_bounds")
        return found.reshape(*shape, len(index))

    @take.def_vmap
    def _(
        axis_size: int, in_batched: list[bool], batch: UInt[Array, "*batch values"]
    ) -> tuple[UInt[Array, "*batch words"], bool]:
        del axis_size, in_batched  # the batch is the first axis
        return take(batch), True

    return take(values)
