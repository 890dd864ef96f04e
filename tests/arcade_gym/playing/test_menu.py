"""The loading screen and the menu."""

import threading

import numpy as np
import pygame
import pytest

from arcade_gym import ArcadeEnv
from arcade_gym.listing import list_games
from arcade_gym.playing import loading, menu, window
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
    grey = np.full((menu.PICTURE_SIDE, menu.PICTURE_SIDE, 3), 99, np.uint8)
    monkeypatch.setattr(menu, "picture", lambda game: grey)
    opened = window.Window("test", menu.size())
    made = menu.Menu(opened, partial_obs=False)
    made._pool.shutdown()
    return made


def test_the_menu_shows_all_games(game_menu):
    game_menu.turn()
    picture = pixels()
    for index in range(len(list_games())):
        place = game_menu._place(index)
        shown = picture[place.top : place.bottom, place.left : place.right]
        assert (shown == 99).all()
        assert picture.shape[1] >= place.right
    goals = [game.goal for game in list_games()]
    font = pygame.font.Font(None, window.FONT_SIZE)
    assert max(font.size(goal)[0] for goal in goals) <= menu.size()[0] - menu.MARGIN


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


def test_pictures_of_the_menu_show_a_game_in_progress(monkeypatch):
    monkeypatch.setattr(menu, "PICTURE_SIDE", SIDE)
    game = next(game for game in list_games() if game.name == "Skittles")
    shown = menu.picture(game)
    assert shown.shape == (SIDE, SIDE, 3)
    start = ArcadeEnv(game="Skittles", obs_size=SIDE).reset(seed=0)[0]
    assert not np.array_equal(shown, start)
