"""Polygons cover the pixels whose centres they have, whatever floats round."""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core.rendering import layout, polygons
from jax_core.rendering.palette import Color
from jax_core.rendering.render import render
from jax_core.rendering.scene import Polygon
from tests.rendering.kit import scene


def polygon_reference(corners, size):
    """Where a line through each pixel's centre meets the sides, in exact fractions.

    Corners are rounded to sixteenths of a pixel.
    """
    corners = np.round(np.asarray(corners, np.float32) * np.float32(size / 8))
    corners = [[Fraction(int(value), 16) for value in corner] for corner in corners]
    sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
    inside = np.zeros((size, size), bool)
    for row in range(size):
        y = row + Fraction(1, 2)
        met = [
            x0 + (y - y0) * (x1 - x0) / (y1 - y0)
            for (x0, y0), (x1, y1) in sides
            if min(y0, y1) <= y < max(y0, y1)
        ]
        if met:
            first, last = (math.ceil(x - Fraction(1, 2)) for x in (min(met), max(met)))
            inside[row, max(first, 0) : max(last, 0)] = True
    return inside


def filled(corners, size):
    layer = Polygon(corners=jnp.array(corners, jnp.float32), color=Color.ORANGE)
    frame = np.asarray(render(scene(layer), size))
    return (frame == Color.ORANGE.value).all(axis=2)


@pytest.mark.parametrize("size", [64, 256, 300])
def test_a_polygon_covers_the_pixels_whose_centres_are_inside(size):
    corners = [[30.0, 20.0], [90.3, 40.2], [101.7, 97.5], [22.2, 88.8]]
    assert np.array_equal(filled(corners, size), polygon_reference(corners, size))


def test_sides_through_the_centres_of_pixels_count_on_the_left_alone():
    """Slopes of one half and of one meet centres exactly, where floats may round."""
    corners = [[40.5, 30.5], [70.5, 30.5], [100.5, 60.5], [40.5, 90.5], [20.5, 50.5]]
    found = filled(corners, 128)
    assert np.array_equal(found, polygon_reference(corners, 128))
    assert found[40, 80 - 1]
    assert not found[40, 80]
    assert found[60, 25]


def test_quotients_are_rounded_up_without_error():
    """At whole quotients and beside them."""
    rng = np.random.default_rng(0)
    divisors = rng.integers(1, 12_000, 1000)
    numbers = rng.integers(-640, 640, (1000, 64)) * divisors[:, None]
    numbers += rng.integers(-1, 2, numbers.shape)
    divide = jax.jit(jax.vmap(polygons.ceil_divide))
    divisor = jnp.array(divisors, jnp.float32)
    found = divide(jnp.array(numbers, jnp.float32), divisor, 1.0 / divisor)
    assert np.array_equal(found, -(-numbers // divisors[:, None]))


def test_the_largest_polygons_have_exact_edges():
    """A quarter of the largest frame outside; every corner is at an odd subpixel."""
    low, high = -32 + 1 / 64, 160 - 1 / 64
    corners = [[low, 3 / 64], [high - 17 / 64, low], [high, 95 / 64], [131 / 64, high]]
    field = slice(layout.to_pixels(14, 512), layout.to_pixels(114, 512))
    expected = polygon_reference(corners, 512)[field]
    assert np.array_equal(filled(corners, 512)[field], expected)
    assert 0.2 < expected.mean() < 0.8


@pytest.mark.parametrize("size", [255, 256])
def test_ends_behind_the_last_pixel_are_no_smaller_number(size):
    """Ends of rows of up to 255 pixels are bytes, and those of 256 are not."""
    corners = [[-10.0, 40.0], [140.0, 40.0], [140.0, 60.0], [-10.0, 60.0]]
    expected = polygon_reference(corners, size)
    assert expected.all(axis=1).any()
    assert np.array_equal(filled(corners, size), expected)


def test_corners_far_outside_do_not_overflow():
    corners = [[-1e9, 40], [64, 40], [64, 60], [-1e9, 60]]
    expected = np.zeros((512, 512), bool)
    expected[160:240, :256] = True
    assert np.array_equal(filled(corners, 512), expected)


def test_a_polygon_in_one_point_is_not_drawn():
    layer = Polygon(corners=jnp.zeros((4, 2)) + 60.5, color=Color.ORANGE)
    frame = np.asarray(render(scene(layer), 128))
    assert not (frame == Color.ORANGE.value).all(axis=2).any()
