"""Palette, font, layout and the painting of layers."""

import functools
import itertools
import math
from fractions import Fraction
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core import registry
from jax_core.game import Visibility
from jax_core.rendering import font, layout, painting, polygons
from jax_core.rendering.layout import Format
from jax_core.rendering.palette import Color, Theme
from jax_core.rendering.render import render, render_with
from jax_core.rendering.scene import (
    FIELD,
    WIDE_FIELD,
    Band,
    Fill,
    Grid,
    Lines,
    Number,
    Paint,
    Polygon,
    Rect,
    Scene,
    Text,
    sprites,
)
from jax_core.rendering.strips import draw_by_selects
from jax_core.rendering.words import draw_by_words

SIZES = (64, 84, 96, 128, 192, 256)

# Machado, Oliveira and Fernandes 2009, severity 1.
COLOR_BLIND = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


every_game = pytest.mark.parametrize("game", sorted(registry.games))


def scene(*layers, still=(), score=0, title="Test"):
    still = (*still, Text(Rect(30, 105, 60, 8), "X", Color.LINE))
    band = Band(layers=layers, still=still)
    return Scene(score=jnp.int32(score), bands=(band,), title=title)


def grid(ids, tiles, rect=WIDE_FIELD):
    return Grid(ids=jnp.asarray(ids, jnp.uint8), tiles=tiles, rect=rect)


@functools.cache
def scenes_of(game):
    """The scenes of all levels and views, with shapes for arrays."""
    spec = registry.games[game]
    return [
        jax.eval_shape(partial(spec.game.scene, visibility=view), state, params)
        for params in spec.levels.values()
        for state in [jax.eval_shape(spec.game.init, jax.random.key(0), params)]
        for view in Visibility
    ]


def colors_of(game):
    """All colors of a game's pictures but the title's, which touches no other."""
    bands = [band for scene in scenes_of(game) for band in scene.bands]
    coats = [Color.BLACK, Color.WHITE]  # what is around the field, the score
    for band in bands:
        coats += [item.color for item in band.still]
        for layer in band.layers:
            if isinstance(layer, Grid):
                coats += [paint.color for tile in layer.tiles for paint in tile]
            else:
                coats.append(layer.color)
    nested = [coat if isinstance(coat, tuple) else (coat,) for coat in coats]
    return set(itertools.chain(*nested))


def luma(color):
    return float(np.dot(color.value, (0.299, 0.587, 0.114)))


def as_seen(color, kind):
    linear = (np.array(color.value) / 255) ** 2.2
    return (np.array(COLOR_BLIND[kind]) @ linear).clip(0, 1) ** (1 / 2.2) * 255


@every_game
def test_colors_of_a_picture_stay_apart_in_grey(game):
    shades = sorted(map(luma, colors_of(game)))
    assert min(b - a for a, b in itertools.pairwise(shades)) >= 18


@every_game
@pytest.mark.parametrize("kind", COLOR_BLIND)
def test_colors_of_a_picture_stay_apart_for_the_color_blind(game, kind):
    for a, b in itertools.combinations(colors_of(game), 2):
        assert np.linalg.norm(as_seen(a, kind) - as_seen(b, kind)) >= 30, (a, b)


@every_game
def test_a_game_has_a_ground_lines_and_a_title_of_its_own(game):
    themes = {name: scenes_of(name)[0].theme for name in registry.games}
    theme = themes.pop(game)
    assert theme not in themes.values()
    assert {scene.theme for scene in scenes_of(game)} == {theme}
    assert {theme.ground, theme.line} <= colors_of(game)
    assert luma(theme.ground) < luma(theme.line) < luma(theme.accent)
    assert luma(theme.accent) >= 128  # the title's, on black


def in_every_cell(pixels, sheet):
    """Whether a mask [height, width] is true somewhere in each cell of a sheet."""
    for axis, edges in enumerate((sheet.row_edges, sheet.col_edges)):
        inside = pixels.take(np.arange(edges[0], edges[-1]), axis)
        pixels = np.logical_or.reduceat(inside, edges[:-1] - edges[0], axis)
    return pixels.all()


@every_game
@pytest.mark.parametrize("size", [64, 65, 72, 84])
def test_every_sign_is_seen_in_every_cell_and_differs_from_the_others(game, size):
    """At 64 pixels, BattleShipHard once had no cursor."""
    bands = [band for scene in scenes_of(game) for band in scene.bands]
    layers = itertools.chain(*(band.layers for band in bands))
    grids = [layer for layer in layers if isinstance(layer, Grid)]
    sheets = {
        id(sheet): sheet
        for sheet in (painting.grid_sheet(g, Format(size)) for g in grids)
    }
    for sheet in sheets.values():
        for cover in sheet.covers:
            assert in_every_cell(cover, sheet)
        for one, other in itertools.combinations(sheet.pictures, 2):
            assert in_every_cell((one != other).any(axis=2), sheet)


def test_no_two_themes_share_a_color():
    shades = [(theme.ground, theme.line, theme.accent) for theme in Theme]
    assert len(set(itertools.chain(*shades))) == 3 * len(Theme)


def test_all_glyphs_have_five_rows_of_one_width_and_differ():
    for glyph in font.GLYPHS.values():
        assert len(glyph) == font.GLYPH_HEIGHT
        assert len({len(row) for row in glyph}) == 1
    assert font.GLYPHS["O"] == font.GLYPHS["0"]  # as on many arcade machines
    assert len(set(font.GLYPHS.values())) == len(font.GLYPHS) - 1
    assert set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") <= set(font.GLYPHS)


@pytest.mark.parametrize(
    ("units", "size", "pixel"),
    [(1, 64, 1), (1, 84, 1), (3, 64, 2), (14, 84, 9), (114, 96, 86), (14, 512, 56)],
)
def test_positions_are_rounded_to_the_nearest_pixel_halves_up(units, size, pixel):
    assert layout.to_pixels(units, size) == pixel


@pytest.mark.parametrize("cells", [4, 6, 8, 9, 10, 12, 20])
def test_cells_tile_the_field_and_differ_by_one_pixel_at_most(cells):
    for size in range(64, 513):
        edges = layout.edges(14, 100, cells, size)
        widths = np.diff(edges)
        assert widths.max() - widths.min() <= 1
        assert edges[0] == layout.to_pixels(14, size)
        assert edges[-1] == layout.to_pixels(114, size)


@pytest.mark.parametrize("size", SIZES)
def test_score_and_title_fit_into_header_and_footer(size):
    top, field_stop = layout.to_pixels(14, size), layout.to_pixels(114, size)
    for title in ("MineSweeper", "NoisyCartPole", "CartPole"):
        empty = np.asarray(render(scene(title=title), size))
        text_rows = np.flatnonzero(empty[field_stop:].any(axis=(1, 2)))
        assert len(text_rows) % font.GLYPH_HEIGHT == 0
        columns = np.flatnonzero(empty[field_stop:].any(axis=(0, 2)))
        assert abs(columns[0] - (size - 1 - columns[-1])) <= 2  # centred
    rows = np.flatnonzero(np.asarray(render(scene(score=888), size))[:top].any((1, 2)))
    assert len(rows) >= font.GLYPH_HEIGHT
    assert len(rows) % font.GLYPH_HEIGHT == 0


@pytest.mark.parametrize(
    ("value", "text"), [(-5, "0"), (7, "7"), (42, "42"), (999, "999"), (1234, "999")]
)
def test_numbers_are_centred_without_leading_zeros(value, text):
    header = np.asarray(render(scene(score=value), 128))[:14].any(axis=2)
    ink = header[:, header.any(axis=0)]
    rows = np.flatnonzero(ink.any(axis=1))
    want = np.array([list(row) for row in font.write(text)]) == "#"
    want = want[:, np.flatnonzero(want.any(axis=0))[0] :].repeat(2, 0).repeat(2, 1)
    found = header[rows[0] : rows[-1] + 1]
    left = np.flatnonzero(header.any(axis=0))[0]
    assert np.array_equal(found[:, left : left + want.shape[1]], want)
    middle = (2 * left + 2 * len(text) * 4) / 2
    assert abs(middle - 64) <= 1 + len(text)


def test_a_tile_fills_its_cell_and_leaves_the_line_free():
    tiles = (
        (Paint(sprites.FULL, Color.RED),),
        (Paint(sprites.FULL, Color.SKY, on_line=True),),
    )
    ids = np.zeros((10, 10))
    ids[2, 3], ids[5, 5] = 1, 2
    frame = np.asarray(render(scene(grid(ids, tiles)), 128))
    red = (frame == Color.RED.value).all(axis=2)
    rows, cols = np.nonzero(red)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (35, 43, 45, 53)
    sky = (frame[14:114] == Color.SKY.value).all(axis=2)
    assert sky.sum() == 100


@pytest.mark.parametrize("size", SIZES)
def test_a_board_that_fills_the_field_has_its_last_line_above_the_title(size):
    lines = Lines(WIDE_FIELD, 10, 10)
    plain, ruled = (np.asarray(render(scene(still=s), size)) for s in ((), (lines,)))
    left, stop = layout.to_pixels(14, size), layout.to_pixels(114, size)
    assert (ruled[stop, left : stop + 1] == Color.LINE.value).all()
    color = Theme.NIGHT.accent.value
    is_title = (plain == color).all(axis=2)
    assert is_title.any()
    assert np.array_equal((ruled == color).all(axis=2), is_title)


def test_row_colors_and_coats_are_painted_in_order():
    by_row = (Color.RED, Color.GREEN)
    tile = (
        Paint(sprites.FULL, by_row, on_line=True),
        Paint(sprites.FULL, Color.WHITE, inset=20),
    )
    frame = np.asarray(render(scene(grid([[1], [1]], (tile,))), 128))
    assert tuple(frame[20, 64]) == Color.RED.value
    assert tuple(frame[39, 64]) == Color.WHITE.value
    assert tuple(frame[70, 64]) == Color.GREEN.value


def test_an_upper_layer_covers_only_where_it_has_ink():
    lower = grid(
        np.ones((8, 8)), ((Paint(sprites.FULL, Color.GREEN, on_line=True),),), FIELD
    )
    ids = np.zeros((8, 8))
    ids[1, 1] = 1
    upper = grid(ids, ((Paint(sprites.frame(10), Color.YELLOW),),), FIELD)
    frame = np.asarray(render(scene(lower, upper), 128))
    cell = frame[28:40, 28:40]
    assert tuple(cell[6, 6]) == Color.GREEN.value
    assert tuple(cell[1, 1]) == Color.YELLOW.value
    assert (frame[16:112, 16:112] == Color.YELLOW.value).all(axis=2).sum() == 4 * 10


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
    found = divide(jnp.array(numbers, jnp.float32), jnp.array(divisors, jnp.float32))
    assert np.array_equal(found, -(-numbers // divisors[:, None]))


def test_the_largest_polygons_have_exact_edges():
    """A quarter of the largest frame outside; every corner is at an odd subpixel."""
    low, high = -32 + 1 / 64, 160 - 1 / 64
    corners = [[low, 3 / 64], [high - 17 / 64, low], [high, 95 / 64], [131 / 64, high]]
    field = slice(layout.to_pixels(14, 512), layout.to_pixels(114, 512))
    expected = polygon_reference(corners, 512)[field]
    assert np.array_equal(filled(corners, 512)[field], expected)
    assert 0.2 < expected.mean() < 0.8


def test_corners_far_outside_do_not_overflow():
    corners = [[-1e9, 40], [64, 40], [64, 60], [-1e9, 60]]
    expected = np.zeros((512, 512), bool)
    expected[160:240, :256] = True
    assert np.array_equal(filled(corners, 512), expected)


def test_a_polygon_in_one_point_is_not_drawn():
    layer = Polygon(corners=jnp.zeros((4, 2)) + 60.5, color=Color.ORANGE)
    frame = np.asarray(render(scene(layer), 128))
    assert not (frame == Color.ORANGE.value).all(axis=2).any()


@pytest.mark.parametrize("size", SIZES)
def test_both_ways_of_drawing_agree_on_random_boards(size):
    tiles = (
        (Paint(sprites.CROSS, Color.RED, inset=1),),
        (Paint(sprites.RING, Color.SKY),),
        (Paint(sprites.FULL, Color.GREEN, on_line=True),),
    )
    ids = jax.random.randint(jax.random.key(size), (2, 10, 10), 0, 5, jnp.int32)
    still = (Fill(WIDE_FIELD, Color.INK), Lines(WIDE_FIELD, 10, 10))
    picture = scene(
        grid(ids[0].clip(0, 3), tiles),
        grid(ids[1].clip(0, 3), tiles, FIELD),
        Number(value=jnp.int32(37), rect=Rect(0, 20, 30, 12)),
        still=still,
        score=406,
    )
    frames = [
        jax.jit(lambda s, d=draw: render_with(s, form=Format(size), draw=d))(picture)
        for draw in (draw_by_selects, draw_by_words)
    ]
    assert np.array_equal(*frames)
    assert np.array_equal(frames[0], render(picture, size))


ONE_COLOR_TILES = tuple(
    (Paint(art, color, inset=inset),)
    for inset, color in enumerate((Color.RED, Color.SKY, Color.GREEN))
    for art in (
        sprites.FULL,
        sprites.CROSS,
        sprites.RING,
        sprites.frame(10),
        *sprites.DIGITS[:3],
    )
)
TWO_COLORS = (Paint(sprites.frame(10), Color.WHITE), Paint(sprites.CROSS, Color.BLUE))
ALL_TILES = (TWO_COLORS, *ONE_COLOR_TILES)


@pytest.mark.parametrize("size", [84, 128])
@pytest.mark.parametrize(
    ("rows", "cols", "num_tiles"),
    [
        (1, 1, 1),
        (1, 3, 4),
        (8, 8, 15),
        (9, 9, 16),
        (10, 17, 3),
        (20, 15, 21),
        (3, 8, 2),
    ],
)
def test_both_ways_of_drawing_agree_on_boards_of_any_shape(size, rows, cols, num_tiles):
    """One or more groups of columns, one or more words of bits; a polygon between."""
    keys = jax.random.split(jax.random.key(rows * cols), 4)
    ids = [jax.random.randint(k, (rows, cols), 0, num_tiles + 1) for k in keys]
    corners = jnp.array([[30, 20], [90, 40], [100, 97], [22, 88]], jnp.float32)
    picture = scene(
        grid(ids[0], ALL_TILES[:num_tiles]),
        grid(ids[1], ALL_TILES[:num_tiles], Rect(20, 30, 70, 60)),
        grid(ids[2], ONE_COLOR_TILES[:num_tiles], Rect(95, 30, 18, 20)),
        Polygon(corners=corners, color=Color.ORANGE),
        grid(ids[3], ALL_TILES[:num_tiles], Rect(14, 14, 80, 30)),
        still=(Lines(WIDE_FIELD, rows, cols),),
    )
    selected, found = (
        jax.jit(lambda s, d=draw: render_with(s, form=Format(size), draw=d))(picture)
        for draw in (draw_by_selects, draw_by_words)
    )
    assert np.array_equal(selected, found)


def test_stills_and_sheets_are_painted_once():
    painting.paint_still.cache_clear()
    for _ in range(3):
        render(scene(), 64)
    assert painting.paint_still.cache_info().misses <= 3  # header, field, footer
