"""Colors and signs of the games: each can be told from the others."""

import functools
import itertools
from functools import partial

import jax
import numpy as np
import pytest

from jax_core import registry
from jax_core.game import Visibility
from jax_core.rendering import painting
from jax_core.rendering.layout import Format
from jax_core.rendering.palette import Color, Theme
from jax_core.rendering.scene import Grid

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
@pytest.mark.parametrize(
    "size", [64, 84, *(pytest.param(size, marks=pytest.mark.slow) for size in (65, 72))]
)
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
