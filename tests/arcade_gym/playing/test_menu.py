"""The loading screen and the menu."""

import threading

import numpy as np
import pygame
import pytest

from arcade_gym import ArcadeEnv
from arcade_gym.films import lettering
from arcade_gym.listing import list_games
from arcade_gym.playing import loading, menu, pictures, window
from jax_core.rendering.palette import Color
from tests.arcade_gym.playing.kit import (
    SIDE,
    key_down,
    open_window,
    pixels,
)


def test_loading_shows_a_text_while_work_is_done(monkeypatch):
    texts = []
    monkeypatch.setattr(
        window.Window, "announce", lambda self, text: texts.append(text)
    )
    monkeypatch.setattr(loading, "_SECONDS_PER_PICTURE", 0.001)
    may_end = threading.Event()

    def work():
        assert may_end.wait(10)

    announce = window.Window.announce

    def count(self, text):
        announce(self, text)
        if len(texts) == 10:
            may_end.set()

    monkeypatch.setattr(window.Window, "announce", count)
    assert loading.run(open_window(), "Compiling", work)
    assert {"Compiling", "Compiling."} <= set(texts)


def test_loading_can_be_left_and_passes_errors_on():
    may_end = threading.Event()
    opened = open_window()
    key_down(pygame.K_ESCAPE)
    assert not loading.run(opened, "Compiling", lambda: may_end.wait(10) and None)
    may_end.set()

    def fail():
        raise RuntimeError("no compiler")

    with pytest.raises(RuntimeError, match="no compiler"):
        loading.run(opened, "Compiling", fail)


@pytest.fixture
def game_menu(monkeypatch):
    def draw(choice):
        level = 99 + 2 * choice.env_id.endswith("Medium") + choice.partial_obs
        return np.full((pictures.SIDE, pictures.SIDE, 3), level, np.uint8)

    monkeypatch.setattr(pictures, "draw", draw)
    opened = window.Window("test", menu.size())
    made = menu.Menu(opened, partial_obs=False)
    yield made
    made.close()


def drawn(game_menu):
    """Waits until all pictures are there and shows them: their levels by game."""
    for made in list(game_menu._pictures._made.values()):
        made.result(timeout=10)
    game_menu._show()
    places = [game_menu._place(index) for index in range(len(list_games()))]
    shown = [pixels()[p.top : p.bottom, p.left : p.right] for p in places]
    assert all((cell == cell[0, 0]).all() for cell in shown)
    return [int(cell[0, 0, 0]) for cell in shown]


def test_the_menu_shows_all_games(game_menu):
    assert drawn(game_menu) == [99] * 10
    assert pixels().shape[1] >= game_menu._place(len(list_games()) - 1).right
    room = menu.size()[0] - 2 * menu.MARGIN
    for game in list_games():
        assert window.DOT * lettering.width(game.goal) <= room
        assert window.DOT * lettering.width(game.name) <= pictures.SIDE


def test_the_pictures_follow_the_level_and_the_view(game_menu):
    game_menu._press(pygame.K_v)
    assert drawn(game_menu) == [100] * 10
    game_menu._press(pygame.K_l)
    assert drawn(game_menu) == [102] * 10
    game_menu._press(pygame.K_v)
    assert drawn(game_menu) == [101] * 10


def test_a_picture_that_is_not_drawn_yet_is_not_another_one(game_menu, monkeypatch):
    drawn(game_menu)
    monkeypatch.setattr(game_menu._pictures, "find", lambda choice: None)
    game_menu._show()
    place = game_menu._place(3)
    assert tuple(pixels()[place.top + 9, place.left + 9]) == Color.INK.value


def test_only_the_latest_wishes_are_drawn(monkeypatch):
    may_go_on, drawn = threading.Event(), []

    def draw(choice):
        drawn.append(choice)
        assert may_go_on.wait(10)
        return grey

    grey = np.full((SIDE, SIDE, 3), 99, np.uint8)
    monkeypatch.setattr(pictures, "draw", draw)
    made = pictures.Pictures()
    first, second = (
        [pictures.Choice(f"{name}Easy", partial) for name in "ABC"]
        for partial in (False, True)
    )
    made.want(first)
    while not drawn:
        threading.Event().wait(0.001)
    made.want(second)
    assert made.find(second[0]) is None
    may_go_on.set()
    for choice in second:
        made._made[choice].result(timeout=10)
    made.close()
    assert drawn == [first[0], *second]
    assert made.find(second[2]) is grey


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        ([pygame.K_RETURN], ("AutoEncodeEasy", False)),
        ([pygame.K_RIGHT, pygame.K_SPACE], ("BattleShipEasy", False)),
        ([pygame.K_LEFT, pygame.K_KP_ENTER], ("TetrisEasy", False)),
        ([pygame.K_DOWN, pygame.K_l, pygame.K_RETURN], ("MineSweeperMedium", False)),
        ([pygame.K_UP, pygame.K_v, pygame.K_RETURN], ("MineSweeperEasy", True)),
        ([pygame.K_v, pygame.K_v, *[pygame.K_l] * 3, pygame.K_RETURN],
         ("AutoEncodeEasy", False)),
        ([pygame.K_ESCAPE], None),
    ],
)  # fmt: skip
def test_the_menu_is_used_with_keys(game_menu, keys, choice):
    for key in keys:
        key_down(key)
    assert game_menu.run() == choice


def test_the_menu_is_used_with_the_mouse(game_menu):
    scrolled, missed = (4, game_menu._place(1).center), (1, (0, 0))
    for button, position in (scrolled, missed, (1, game_menu._place(2).center)):
        event = pygame.Event(pygame.MOUSEBUTTONDOWN, pos=position, button=button)
        pygame.event.post(event)
    assert game_menu.run() == ("BreakoutEasy", False)


def test_pictures_of_the_menu_show_one_game_in_progress_in_both_views(monkeypatch):
    monkeypatch.setattr(pictures, "SIDE", SIDE)
    full, partial = (
        pictures.draw(pictures.Choice("SkittlesEasy", view)) for view in (False, True)
    )
    assert full.shape == partial.shape == (SIDE, SIDE, 3)
    start = ArcadeEnv(game="Skittles", obs_size=SIDE).reset(seed=0)[0]
    assert not np.array_equal(full, start)
    assert not np.array_equal(full, partial)
    header = slice(0, SIDE * 14 // 128)
    np.testing.assert_array_equal(full[header], partial[header])  # the same score
