"""Font, layout and the painting of layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jax_core.rendering import font, layout, painting
from jax_core.rendering.layout import Format
from jax_core.rendering.palette import Color, Theme
from jax_core.rendering.render import render, render_with
from jax_core.rendering.scene import (
    FIELD,
    FIELD_BOTTOM,
    FIELD_TOP,
    WIDE_FIELD,
    Band,
    Fill,
    Lines,
    Number,
    Paint,
    Polygon,
    Rect,
    Scene,
    sprites,
)
from jax_core.rendering.strips import draw_by_selects
from jax_core.rendering.words import draw_by_words
from tests.rendering.kit import grid, scene

SIZES = (64, 84, 96, 128, 192, 256)


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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    "size",
    [  # the least, and one with cells of different widths
        pytest.param(size, marks=() if size in (64, 84) else pytest.mark.slow)
        for size in SIZES
    ],
)
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


def forms_agree(picture, form):
    selected, found = (
        jax.jit(lambda s, d=draw: render_with(s, form=form, draw=d))(picture)
        for draw in (draw_by_selects, draw_by_words)
    )
    return np.array_equal(selected, found)


@pytest.mark.parametrize(
    ("size", "channels"),
    [(84, 3), (84, 1), pytest.param(128, 3, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(
    ("rows", "cols", "num_tiles"),
    [
        (1, 3, 4),
        (8, 8, 15),
        (9, 9, 16),
        *(
            pytest.param(*shape, marks=pytest.mark.slow)
            for shape in ((1, 1, 1), (10, 17, 3), (20, 15, 21), (3, 8, 2))
        ),
    ],
)
def test_both_ways_of_drawing_agree_on_boards_of_any_shape(
    size, channels, rows, cols, num_tiles
):
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
    assert forms_agree(picture, Format(size, channels))


@pytest.mark.parametrize(
    "rect",
    [
        Rect(5, 15, 100, 90),  # rows of 5 and 6 pixels, from row 10 on
        Rect(5, 17, 100, 50),  # 3 and 4, from 11 on
        Rect(5, 16, 100, 26),  # 1 and 2: two in most pairs of pixel rows, some alone
        Rect(5, 30, 100, 8),  # 0 and 1
    ],
)
def test_pairs_of_pixel_rows_of_several_board_rows_agree(rect):
    """In short rows two are drawn at once, of whatever board rows they are."""
    ids = jax.random.randint(jax.random.key(rect.height), (3, 11, 9), 0, 5)
    picture = scene(
        grid(ids[0], ALL_TILES[:4], rect),
        grid(ids[1], ONE_COLOR_TILES[:4], rect),
        grid(ids[2][:1], ALL_TILES[:4], Rect(40, 20, 60, 70)),
    )
    assert forms_agree(picture, Format(84, 1))


@pytest.mark.parametrize("middle", [57, 58, 59, 60])
def test_bands_that_meet_within_a_pair_of_pixel_rows_agree(middle):
    """Tiles fill their cells, and a band ends with a row of its own tiles."""
    assert {layout.to_pixels(row, 84) % 2 for row in (57, 58, 59, 60)} == {0, 1}
    tiles = (Paint(sprites.FULL, Color.RED, on_line=True),)
    bands = tuple(
        Band(
            layers=(grid(np.ones((4, 9)), (tiles,), Rect(5, top, 100, bottom - top)),),
            still=(Fill(Rect(0, top, 128, bottom - top), color),),
            top=top,
            bottom=bottom,
        )
        for top, bottom, color in (
            (FIELD_TOP, middle, Color.SKY),
            (middle, FIELD_BOTTOM, Color.GREEN),
        )
    )
    assert forms_agree(
        Scene(score=jnp.int32(7), bands=bands, title="Test"), Format(84, 1)
    )


def test_stills_and_sheets_are_painted_once():
    painting.paint_still.cache_clear()
    for _ in range(3):
        render(scene(), 64)
    assert painting.paint_still.cache_info().misses <= 3  # header, field, footer
