"""Heat is seen on top of frames, and nothing else changes."""

import numpy as np
import pytest

from arcade_gym.introspection import heat_of, overlay

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)


def test_heat_is_relative_to_the_hottest_pixel_of_all_frames():
    maps = np.zeros((2, 8, 8, 3), np.float32)
    maps[0, 1, 2], maps[1, 3, 4] = [3, 0, 0], [0, -6, 0]
    heat = heat_of(maps)
    assert heat[1, 3, 4] == 1
    assert heat[0, 1, 2] == pytest.approx(0.5)
    assert (heat > 0).sum() == 2
    assert not heat_of(np.zeros_like(maps)).any()


def test_cold_frames_are_gray_and_hot_pixels_are_not():
    heat = np.zeros(FRAMES.shape[:3], np.float32)
    cold = overlay(FRAMES, heat)
    assert cold.dtype == np.uint8
    assert (cold[..., 0] == cold[..., 2]).all()
    heat[0, 4, 4] = 0.3
    changed = (overlay(FRAMES, heat) != cold).any(-1)
    assert changed[0, 4, 4]
    assert changed.sum() == 1


def test_more_heat_is_never_darker():
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8)
    shown = overlay(np.zeros((1, 8, 8, 3), np.uint8), ramp).astype(int).sum(-1).ravel()
    assert (np.diff(shown) >= 0).all()
    assert shown[-1] == 3 * 255


def test_heat_of_other_frames_is_refused():
    with pytest.raises(ValueError, match=r"\[2, 8, 8\], got \[1, 8, 8\]"):
        overlay(FRAMES, np.zeros((1, 8, 8), np.float32))
