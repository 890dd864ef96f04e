"""Layers of cells as ids and painted tiles: what both forms of drawing begin with."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

from jax_core.rendering import layout
from jax_core.rendering.font import DIGIT_BITS
from jax_core.rendering.layout import Format
from jax_core.rendering.painting import Sheet, grid_sheet, number_sheet
from jax_core.rendering.scene import Grid, Number
from jax_core.types import Count

Ids = UInt8[Array, "_rows _cols"]


def ids_and_sheet(layer: Grid | Number, form: Format) -> tuple[Ids, Sheet]:
    """What the cells of a layer show, and the tiles that they can show."""
    if isinstance(layer, Number):
        return _dot_ids(layer.value), number_sheet(layer, form)
    return layer.ids, grid_sheet(layer, form)


def _dot_ids(value: Count) -> Ids:
    """The dots of a number; one, two and three digits are centred."""
    value = jnp.clip(value, 0, 999)
    digits = jnp.stack([value // 100, value // 10 % 10, value % 10])
    hundreds, tens, ones = (
        jnp.asarray(DIGIT_BITS).at[digits].get(mode="promise_in_bounds")
    )
    two, three = tens << 6 | ones << 2, hundreds << 8 | tens << 4 | ones
    dots = jnp.where(value >= 100, three, jnp.where(value >= 10, two, ones << 4))
    place = np.arange(layout.NUMBER_DOTS)[::-1]
    return (dots[:, None] >> place[None] & 1).astype(jnp.uint8)
