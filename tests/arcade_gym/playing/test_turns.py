"""Board and card games: every key, with real events and the dummy video driver."""

import time

import numpy as np
import pygame
import pytest

from arcade_gym import ArcadeEnv
from arcade_gym.films import lettering
from arcade_gym.listing import list_games
from arcade_gym.playing import loop as loop_module
from arcade_gym.playing import window
from arcade_gym.playing.keys import COMMANDS, MOVES, Command
from arcade_gym.playing.loop import Loop, Outputs
from jax_core.game import Move
from jax_core.rendering import font
from tests.arcade_gym.playing.kit import (
    ARROWS,
    SIDE,
    key_down,
    open_window,
    press,
    same_state,
)


@pytest.mark.parametrize("key", ARROWS)
def test_arrows_and_space_play_the_moves_of_the_environment(board, key):
    env = ArcadeEnv(game="NavigatorEasy", obs_size=SIDE)
    first, _ = env.reset(seed=3)
    np.testing.assert_array_equal(board.match.frame, first)
    press(board, key)
    obs, reward, terminated, _, _ = env.step(int(MOVES[key]))
    np.testing.assert_array_equal(board.match.frame, obs)
    assert board.match.total == reward
    assert board.match.end == ("terminated" if terminated else None)
    assert board.match.length == 1


def test_a_whole_episode_is_that_of_the_environment_with_the_seed(compiled):
    env = ArcadeEnv(game="SkittlesEasy", obs_size=SIDE)
    match = compiled("SkittlesEasy", seed=11)
    np.testing.assert_array_equal(match.frame, env.reset(seed=11)[0])
    total = 0.0
    while not match.end:
        match.step(Move.LEFT)
        obs, reward, terminated, _, _ = env.step(int(Move.LEFT))
        total += reward
        np.testing.assert_array_equal(match.frame, obs)
    assert match.end == ("terminated" if terminated else "truncated")
    assert match.total == pytest.approx(total)


def test_other_keys_and_nothing_at_all_do_not_step(board):
    press(board, pygame.K_x)
    pygame.event.post(pygame.Event(pygame.MOUSEMOTION, pos=(0, 0), rel=(0, 0)))
    board.turn()
    board.turn()  # waits in vain
    assert board.match.length == 0


def factor_of_new_windows():
    return (window.size_for(SIDE)[0] - window.PANEL_WIDTH) // SIDE


def test_r_restarts_the_same_episode(board):
    first = board.match.frame
    press(board, pygame.K_UP, pygame.K_DOWN)
    press(board, pygame.K_r)
    assert (board.match.length, board.match.total, board.match.seed) == (0, 0.0, 3)
    np.testing.assert_array_equal(board.match.frame, first)


def test_n_starts_the_next_seed(board):
    press(board, pygame.K_UP, pygame.K_n)
    assert (board.match.seed, board.match.length) == (4, 0)
    env = ArcadeEnv(game="NavigatorEasy", obs_size=SIDE)
    np.testing.assert_array_equal(board.match.frame, env.reset(seed=4)[0])


def test_after_the_last_seed_comes_the_first(compiled):
    match = compiled("NavigatorEasy", seed=2**32 - 1)
    match.next_seed()
    assert match.seed == 0


def test_v_switches_the_view_in_mid_episode(board, shown):
    press(board, pygame.K_LEFT)
    state, full = board.match.state, board.match.frame
    press(board, pygame.K_v)
    assert "view partial" in shown
    assert same_state(board.match.state, state)
    partial = board.match.frame
    env = ArcadeEnv(game="NavigatorEasy", partial_obs=True, obs_size=SIDE)
    env.reset(seed=3)
    np.testing.assert_array_equal(partial, env.step(int(Move.LEFT))[0])
    assert not np.array_equal(partial, full)
    press(board, pygame.K_v)
    np.testing.assert_array_equal(board.match.frame, full)


def test_p_pauses_and_goes_on(board, shown):
    press(board, pygame.K_p, pygame.K_UP)
    assert board.match.length == 0
    assert "Paused: P goes on" in shown
    press(board, pygame.K_p, pygame.K_UP)
    assert board.match.length == 1
    assert "Paused: P goes on" not in shown


@pytest.mark.parametrize("key", [pygame.K_r, pygame.K_n])
def test_a_new_episode_is_not_paused(board, key):
    press(board, pygame.K_p, key, pygame.K_UP)
    assert board.match.length == 1


def test_s_saves_what_the_window_shows(board, tmp_path, shown):
    press(board, pygame.K_UP, pygame.K_s, pygame.K_s)
    name = "NavigatorEasy-full-seed3-step1"
    first, second = (tmp_path / f"{name}{end}.png" for end in ("", "-2"))
    picture = pygame.surfarray.array3d(pygame.image.load(second)).swapaxes(0, 1)
    factor = factor_of_new_windows()
    want = board.match.frame.repeat(factor, 0).repeat(factor, 1)
    top = (len(picture) - len(want)) // 2
    np.testing.assert_array_equal(picture[top : top + len(want), : len(want)], want)
    assert first.is_file()
    assert "saved in the present folder" in shown


def test_a_screenshot_that_cannot_be_saved_changes_nothing(compiled, tmp_path, shown):
    outputs = Outputs(screenshots=tmp_path / "missing")
    loop = Loop(compiled("NavigatorEasy"), open_window(), fps=None, outputs=outputs)
    press(loop, pygame.K_UP, pygame.K_s)
    assert "not saved: No such file or directory" in shown
    assert loop.match.length == 1


@pytest.mark.parametrize(
    "event",
    [pygame.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE), pygame.Event(pygame.QUIT)],
)
def test_esc_and_closing_the_window_quit(board, event):
    pygame.event.post(event)
    key_down(pygame.K_UP)  # too late
    assert not board.turn()
    assert board.match.length == 0


def test_the_panel_shows_the_episode_and_the_keys(board, shown):
    press(board, pygame.K_UP)
    assert shown[0] == "NavigatorEasy"
    assert "view full" in shown
    assert f"steps left {64 - 1}" in shown
    assert "seed 3" in shown
    assert f"return {board.match.total:+.3f}" in shown
    assert "Space take the treasure" in shown
    for key, command in COMMANDS.items():
        name = pygame.key.name(key).capitalize().replace("Escape", "Esc")
        assert f"{name} {command.value}" in shown
    assert set(COMMANDS.values()) == set(Command)
    assert "Walk to a treasure without touching a barrier, and fire there." in shown
    assert "yellow gem the treasure" in shown


def test_the_end_of_an_episode_waits_for_the_player(compiled, tmp_path, shown):
    log = tmp_path / "log.jsonl"
    match = compiled("SkittlesEasy", seed=2)
    loop = Loop(match, open_window(), fps=None, outputs=Outputs(log=log))
    while not match.end:
        press(loop, pygame.K_SPACE)
    assert match.end == "terminated"
    assert "Lost: R again, N next" in shown
    length, total = match.length, match.total
    press(loop, pygame.K_LEFT)
    assert (match.length, match.total) == (length, total)
    press(loop, pygame.K_r, pygame.K_LEFT)
    assert (match.length, match.end) == (1, None)


def test_the_panel_is_beside_the_frame_in_windows_of_all_sizes():
    opened = open_window()
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    line = window.Line("label", "value")
    for width, height in [(900, 600), (500, 500), (1200, 200), (300, 80), (418, 128)]:
        opened.resize((width, height))
        area = opened.show(frame, [line] * 30)
        picture = pygame.surfarray.array3d(opened.surface).swapaxes(0, 1)
        factor = max(1, min(width - window.PANEL_WIDTH, height) // SIDE)
        assert area.size == (factor * SIDE, factor * SIDE)
        visible = picture[area.top : area.bottom, area.left : area.right]
        want = frame.repeat(factor, 0).repeat(factor, 1)
        np.testing.assert_array_equal(visible, want[: len(visible), : visible.shape[1]])


def test_resizing_draws_the_frame_anew(board):
    factor = factor_of_new_windows()
    board._window.resize((window.PANEL_WIDTH + 2 * SIDE, 2 * SIDE))
    pygame.event.post(pygame.Event(pygame.VIDEORESIZE, size=(0, 0), w=0, h=0))
    board.turn()
    surface = board._window.surface
    picture = pygame.surfarray.array3d(surface).swapaxes(0, 1)[:, : 2 * SIDE]
    assert factor > 2
    np.testing.assert_array_equal(picture, board.match.frame.repeat(2, 0).repeat(2, 1))


def test_the_text_of_every_game_fits_in_the_panel():
    room = window.PANEL_WIDTH - 2 * window.MARGIN
    status = [window.Line(value="Out of time: R again, N next")] * 9
    for game in list_games():
        status[1] = window.Line(value=game.goal)
        lines = [*status, *loop_module._help(game.env_ids[0], "menu")]
        for line in lines:
            assert window.DOT * lettering.width(line.label) < max(line.indent, 1)
            assert set(f"{line.label}{line.value}".upper()) <= font.GLYPHS.keys()
            for row in line.rows:
                assert line.indent + window.DOT * lettering.width(row) <= room
        num_rows = sum(len(line.rows) for line in lines)
        height = window.MARGIN + num_rows * window.LINE_HEIGHT
        assert height <= window.MIN_HEIGHT, game.name


@pytest.mark.parametrize(
    ("obs_size", "screen", "factor"),
    [
        (64, (1280, 900), 12),
        (128, (1280, 900), 6),
        (256, (1280, 900), 3),
        (512, (1280, 900), 1),
        (84, (1024, 768), 6),
        (256, (640, 480), 1),
        (128, (3840, 2160), 7),
    ],
)
def test_new_windows_have_the_largest_factor_that_fits(obs_size, screen, factor):
    width, height = window.size_for(obs_size, screen=screen)
    assert width == factor * obs_size + window.PANEL_WIDTH
    assert height == max(factor * obs_size, window.MIN_HEIGHT)


def test_a_size_that_the_player_chose_stays():
    opened = open_window()
    opened.suggest((700, 600))
    assert opened.surface.get_size() == (700, 600)
    pygame.display.set_mode((555, 444), pygame.RESIZABLE)  # as by the mouse
    opened.suggest((700, 600))
    assert opened.surface.get_size() == (555, 444)


@pytest.mark.slow
def test_an_idle_board_game_leaves_the_processor_alone(board):
    """Measured in CPU time of this process, not in seconds that others can take."""
    board.turn()
    before, start = time.process_time(), time.monotonic()
    for _ in range(2):
        board.turn()
    elapsed = time.monotonic() - start
    assert elapsed > 1.5  # it waits for events
    assert (time.process_time() - before) / elapsed < 0.15
