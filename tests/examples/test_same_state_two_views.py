"""The example of two views: both pictures of one state, before and after the switch."""

import sys

import numpy as np
import pytest
from PIL import Image

from tests.examples.loading import load


@pytest.mark.slow
def test_the_player_changes_the_view_and_plays_on():
    example = load("same_state_two_views")
    switched_early = example.play("BattleShipEasy", num_steps=10)
    switched_late = example.play("BattleShipEasy", num_steps=20)[:10]
    seen = [is_partial for *_, is_partial in switched_early]
    assert seen == [False] * 5 + [True] * 5
    assert not any(is_partial for *_, is_partial in switched_late)
    early, late = (
        np.array([shown[:2] for shown in film])
        for film in (switched_early, switched_late)
    )
    np.testing.assert_array_equal(early, late)  # switching changed nothing
    assert (early[-1, 0] != early[-1, 1]).any()  # and the views do differ


def test_the_film_frames_what_the_player_saw(tmp_path, monkeypatch):
    example = load("same_state_two_views")
    path = tmp_path / "film.gif"
    monkeypatch.setattr(sys, "argv", ["x", "BattleShipEasy", str(path), "--steps", "4"])
    example.main()
    size = 128 + 2 * example.GAP
    with Image.open(path) as film:
        assert film.size == (2 * size, size)
        assert film.convert("RGB").getpixel((0, 0)) == example.FRAME
        film.seek(film.n_frames - 1)
        assert film.convert("RGB").getpixel((0, 0)) == (0, 0, 0)
        assert film.convert("RGB").getpixel((size, 0)) == example.FRAME
