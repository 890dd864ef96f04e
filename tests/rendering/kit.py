"""Scenes that are put together by hand."""

import jax.numpy as jnp

from jax_core.rendering.scene import (
    WIDE_FIELD,
    Band,
    Color,
    Grid,
    Rect,
    Scene,
    Text,
)


def scene(*layers, still=(), score=0, title="Test"):
    still = (*still, Text(Rect(30, 105, 60, 8), "X", Color.LINE))
    band = Band(layers=layers, still=still)
    return Scene(score=jnp.int32(score), bands=(band,), title=title)


def grid(ids, tiles, rect=WIDE_FIELD):
    return Grid(ids=jnp.asarray(ids, jnp.uint8), tiles=tiles, rect=rect)
