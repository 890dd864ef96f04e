"""Sheets hold the frames as they were, and heat in the colors of films."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from arcade_gym.introspection.overlay import LEVELS, colors
from arcade_gym.report.pictures import COLUMNS, frame_sheet, heat_sheet

RNG = np.random.default_rng(0)


def opened(sheet):
    start, content = sheet.uri.split(",")
    assert start == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))


def tile(picture, number, side, columns):
    row, column = divmod(number, columns)
    return picture[row * side :, column * side :][:side, :side]


def few_colors(count, side):
    palette = RNG.integers(0, 256, (200, 3)).astype(np.uint8)
    return palette[RNG.integers(0, 200, (count, side, side))]


@pytest.mark.parametrize("count", [1, 16, 19])
def test_frames_come_back_as_they_were(count):
    frames = few_colors(count, 64)
    sheet = frame_sheet(frames)
    assert (sheet.side, sheet.columns) == (64, COLUMNS)
    picture = opened(sheet)
    for number, frame in enumerate(frames):
        assert np.array_equal(tile(picture, number, 64, COLUMNS), frame)


def test_frames_with_many_colors_come_back_nearly():
    frames = np.clip(few_colors(2, 64) + RNG.normal(0, 9, (2, 64, 64, 3)), 0, 255)
    picture = opened(frame_sheet(frames.astype(np.uint8)))
    far = np.abs(tile(picture, 1, 64, COLUMNS).astype(int) - frames[1])
    assert far.mean() < 16


@pytest.mark.parametrize(
    ("side", "shown"), [(128, 128), (84, 84), (256, 128), (500, 125)]
)
def test_large_frames_are_shown_smaller(side, shown):
    frames = np.full((2, side, side, 3), 200, np.uint8)
    frames[0, : side // 2] = 0
    sheet = frame_sheet(frames)
    assert sheet.side == shown
    first = tile(opened(sheet), 0, shown, COLUMNS)
    assert (first[0] == 0).all()
    assert (first[-1] == 200).all()


def test_heat_has_a_row_for_each_decision():
    heat = np.zeros((3, 8, 64, 64), np.float32)
    heat[1, 7, 0, 0], heat[2, 0, 63, 63] = 1, 0.25
    sheet = heat_sheet(heat, 32)
    picture = opened(sheet)
    ramp = colors(np.linspace(0, 1, LEVELS, dtype=np.float32)).round()
    assert picture.shape == (3 * 32, 8 * 32, 3)
    assert np.array_equal(picture[32, 7 * 32], ramp[-1])  # the hottest of two by two
    assert np.array_equal(picture[-1, 31], ramp[round(0.5 * (LEVELS - 1))])
    assert (picture.any(-1)).sum() == 2
