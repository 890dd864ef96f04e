"""Polygons as cells that show where they begin and end in them.

Each pixel row of a polygon is cut into cells of a few words. Wide cells are few, which
saves memory; but they have many looks, and where polygons lie over each other all
combinations of these. So cells are as wide as their lines in a table may be many.
"""

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int32

from jax_core.rendering.layers import Spans, word_bytes
from jax_core.rendering.layout import Format, polygon_rows
from jax_core.rendering.palette import Color
from jax_core.rendering.polygons import Sides, find_sides, intervals_between
from jax_core.rendering.scene import Band, Polygon

_MOST_WORDS = 10_000  # of the lines of a cell

CellIds = Int32[Array, " _cells"]


def find_spans(polygon: Polygon, band: Band, form: Format) -> list[Spans]:
    """The cells of one polygon, in strips of rows with the same polygons."""
    others = [layer for layer in band.layers if isinstance(layer, Polygon)]
    rows = [polygon_rows(other, band, form) for other in others]
    top, bottom = polygon_rows(polygon, band, form)
    edges = sorted({edge for pair in rows for edge in pair if top <= edge <= bottom})
    has_boards = len(others) < len(band.layers)
    spans = []
    for start, stop in itertools.pairwise(edges):
        count = sum(first <= start < last for first, last in rows)
        words = 1 if has_boards else _cell_words(count, form)
        spans.append(Spans(polygon.color, start, stop, words, form))
    return spans


def _cell_words(num_polygons: int, form: Format) -> int:
    """Words of a cell where some polygons may lie over each other."""
    size, row_bytes = word_bytes(form), form.size * form.channels
    if row_bytes % size:
        return 1  # some words lie in two rows, and would be decided by two wide cells
    words = row_bytes // size
    while words > 1:
        looks = Spans(Color.BLACK, 0, 0, words, form).num_looks
        if looks**num_polygons * words <= _MOST_WORDS:
            break
        words = -(-words // 2)
    return words


def find_ids(spans: Sequence[tuple[Spans, Polygon]], form: Format) -> list[CellIds]:
    """What the cells of polygons show."""
    if not spans:
        return []
    first, last = _find_ends(spans, form)
    row, ids = 0, []
    for layer, _ in spans:
        rows = slice(row, row + layer.bottom - layer.top)
        start = layer.starts.astype(np.int32)[None]
        begin, end = (
            jnp.clip(edge[rows, None] - start, 0, layer.pixels)
            for edge in (first, last)
        )
        shown = (begin * (2 * layer.pixels - 1 - begin) >> 1) + end
        ids.append(jnp.where(begin < end, shown, 0).reshape(-1))
        row = rows.stop
    return ids


def _find_ends(
    spans: Sequence[tuple[Spans, Polygon]], form: Format
) -> tuple[Int32[Array, " rows"], Int32[Array, " rows"]]:
    """The intervals of all polygons in all of their rows, by one computation."""
    rows = [np.arange(layer.top, layer.bottom) for layer, _ in spans]
    polygons = {id(polygon): polygon for _, polygon in spans}  # one in many strips
    place = {name: index for index, name in enumerate(polygons)}
    polygon_of_row = np.array([place[id(polygon)] for _, polygon in spans])
    polygon_of_row = polygon_of_row.repeat([len(some) for some in rows])
    row = np.concatenate(rows).astype(np.float32)
    # A barrier, or XLA goes through all corners for each number of each side.
    corners = jax.lax.optimization_barrier(_stack_corners(list(polygons.values())))
    sides = jnp.stack(find_sides(corners, form.size)).swapaxes(1, 2)  # polygons last
    # A barrier, or XLA finds the sides of a polygon for each of its rows.
    sides = jax.lax.optimization_barrier(sides)[..., polygon_of_row]
    first, last = intervals_between(Sides(*sides), row, form.size)
    # One array and a barrier, or XLA makes several kernels of the sides.
    both = first.astype(jnp.int32) << 16 | last.astype(jnp.int32)
    both = jax.lax.optimization_barrier(both)
    return both >> 16, both & 0xFFFF


def _stack_corners(polygons: Sequence[Polygon]) -> Float32[Array, "polygons corners 2"]:
    """All corners as one array; fewer ones are filled up with the last one.

    That adds no side that a row could cross.
    """
    most = max(len(polygon.corners) for polygon in polygons)
    padded = []
    for polygon in polygons:
        corners = jnp.asarray(polygon.corners)
        missing = [corners[-1:]] * (most - len(corners))
        padded.append(jnp.concatenate([corners, *missing]))
    return jnp.stack(padded)
