"""Human play: every key and option, with real events and the dummy video driver."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs the extra human: pygame-ce")

from arcade_gym import ArcadeEnv, compilation_cache, film, play  # noqa: E402
from arcade_gym.listing import list_games  # noqa: E402
from arcade_gym.playing import app, loading, menu, window  # noqa: E402
from arcade_gym.playing.keys import COMMANDS, MOVES, Command, HeldMoves  # noqa: E402
from arcade_gym.playing.loop import Loop, Outputs  # noqa: E402
from arcade_gym.playing.match import Match  # noqa: E402
from jax_core.game import Move, Visibility  # noqa: E402
from tests.arcade_gym import films  # noqa: E402

SIDE = 64
ARROWS = [pygame.K_UP, pygame.K_DOWN, pygame.K_LEFT, pygame.K_RIGHT, pygame.K_SPACE]


class Clock:
    """Time that passes when a test says so."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture(autouse=True)
def _dummy_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)
    yield
    pygame.quit()


@pytest.fixture(scope="module")
def compiled():
    """One match per game, compiled once; tests begin a new episode."""
    matches = {}

    def get(env_id, seed=0):
        if env_id not in matches:
            matches[env_id] = Match(env_id, obs_size=SIDE, seed=0)
            matches[env_id].compile()
        match = matches[env_id]
        match.seed, match.visibility = seed, Visibility.FULL
        match.restart()
        return match

    return get


@pytest.fixture
def shown(monkeypatch):
    """The text that the panel shows."""
    lines = []
    show = window.Window.show

    def record(self, frame, panel=()):
        lines[:] = [f"{line.label} {line.value}".strip() for line in panel]
        return show(self, frame, panel)

    monkeypatch.setattr(window.Window, "show", record)
    return lines


def open_window():
    return window.Window("test", window.size_for(SIDE))


def key_down(key):
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))


def key_up(key):
    pygame.event.post(pygame.Event(pygame.KEYUP, key=key))


def press(loop, *keys):
    """Presses and releases keys, one after the other."""
    for key in keys:
        key_down(key)
        key_up(key)
        assert loop.turn()


@pytest.fixture
def board(compiled, tmp_path, shown):
    """A board game that steps on key presses, its window and its outputs."""
    match = compiled("NavigatorEasy", seed=3)
    outputs = Outputs(log=tmp_path / "log.jsonl", screenshots=tmp_path)
    return Loop(match, open_window(), fps=None, outputs=outputs)


def same_state(left, right):
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in left.__dataclass_fields__
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
    factor = window.FRAME_SIDE // SIDE
    want = board.match.frame.repeat(factor, 0).repeat(factor, 1)
    np.testing.assert_array_equal(picture[: len(want), : len(want)], want)
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
    assert shown[:2] == ["NavigatorEasy", "view full"]
    assert f"steps left {64 - 1}" in shown
    assert "seed 3" in shown
    assert f"return {board.match.total:+.3f}" in shown
    assert "Space take the treasure" in shown
    for key, command in COMMANDS.items():
        assert f"{pygame.key.name(key).capitalize()} {command.value}" in shown
    assert set(COMMANDS.values()) == set(Command)


def test_the_end_of_an_episode_waits_for_the_player(compiled, tmp_path, shown):
    log = tmp_path / "log.jsonl"
    match = compiled("SkittlesEasy", seed=2)
    loop = Loop(match, open_window(), fps=None, outputs=Outputs(log=log))
    while not match.end:
        press(loop, pygame.K_SPACE)
    assert f"Episode {match.end}: R or N" in shown
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
    factor = window.FRAME_SIDE // SIDE
    board._window.resize((window.PANEL_WIDTH + 2 * SIDE, 2 * SIDE))
    pygame.event.post(pygame.Event(pygame.VIDEORESIZE, size=(0, 0), w=0, h=0))
    board.turn()
    surface = board._window.surface
    picture = pygame.surfarray.array3d(surface).swapaxes(0, 1)[:, : 2 * SIDE]
    assert factor > 2
    np.testing.assert_array_equal(picture, board.match.frame.repeat(2, 0).repeat(2, 1))


def test_the_text_of_every_game_fits_in_the_panel():
    font = pygame.font
    font.init()
    measure = font.Font(None, window.FONT_SIZE)
    room = window.PANEL_WIDTH - 2 * window.MARGIN
    for game in list_games():
        for text in (*game.moves, *(command.value for command in Command)):
            assert window.COLUMN + measure.size(text)[0] <= room, text
        assert measure.size(game.env_ids[-1])[0] <= room
    for text in ("Episode terminated: R or N", "not saved: No such file or directory"):
        assert measure.size(text)[0] <= room
    num_lines = 7 + 1 + 5 + 1 + len(Command)
    assert window.MARGIN + num_lines * window.LINE_HEIGHT <= window.MIN_HEIGHT


@pytest.mark.parametrize("obs_size", [64, 84, 128, 192, 256, 512])
def test_new_windows_fit_frames_of_all_sizes(obs_size):
    width, height = window.size_for(obs_size)
    assert (width - window.PANEL_WIDTH) % obs_size == 0
    assert 400 < width - window.PANEL_WIDTH <= window.FRAME_SIDE
    assert height >= window.MIN_HEIGHT


def real_time(compiled, clock, **outputs):
    match = compiled("SkittlesEasy", seed=1)
    opened = open_window()
    return Loop(match, opened, fps=50, outputs=Outputs(**outputs), now=clock)


def column(loop):
    return int(loop.match.state.agent_x)


def test_real_time_steps_by_itself(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    start = column(loop)
    loop.turn()
    assert loop.match.length == 0
    for step in range(1, 4):
        clock.seconds += 0.02
        loop.turn()
        assert loop.match.length == step
    assert column(loop) == start


def test_late_steps_are_not_made_up_for(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    clock.seconds = 10.0
    loop.turn()
    loop.turn()
    assert loop.match.length == 2
    loop.turn()
    assert loop.match.length == 2


def test_held_keys_repeat_until_they_are_released(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    for key in (pygame.K_LEFT, pygame.K_RIGHT):
        start = column(loop)
        key_down(key)
        for _ in range(2):
            clock.seconds += 0.02
            loop.turn()
        key_up(key)
        clock.seconds += 0.02
        loop.turn()
        assert column(loop) - start == (-2 if key == pygame.K_LEFT else 2)


def test_a_short_press_counts_once(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    start = column(loop)
    press(loop, pygame.K_LEFT)  # before the step is due
    assert loop.match.length == 0
    for _ in range(2):
        clock.seconds += 0.02
        loop.turn()
    assert column(loop) == start - 1


def test_the_newest_of_several_held_keys_wins():
    held = HeldMoves()
    assert held.take() is Move.FIRE
    held.press(Move.UP)
    held.press(Move.LEFT)
    assert [held.take(), held.take()] == [Move.LEFT, Move.LEFT]
    held.release(Move.LEFT)
    assert held.take() is Move.UP
    held.release(Move.UP)
    held.press(Move.UP)
    held.release(Move.UP)
    assert [held.take(), held.take()] == [Move.UP, Move.FIRE]


def test_pausing_stops_the_time(compiled):
    clock = Clock()
    loop = real_time(compiled, clock)
    press(loop, pygame.K_p)
    clock.seconds += 5
    key_down(pygame.K_x)  # wakes it up
    loop.turn()
    assert loop.match.length == 0
    press(loop, pygame.K_p)
    assert loop.match.length == 0  # one period later at the earliest
    clock.seconds += 0.02
    loop.turn()
    assert loop.match.length == 1


def test_fire_does_nothing_in_games_in_real_time():
    idle = {game.name: game.moves[Move.FIRE] for game in list_games()}
    assert {idle[name] for name in app.REAL_TIME} == {"-"}


def test_the_log_has_a_line_per_episode(compiled, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"kept": true}\n')
    match = compiled("SkittlesEasy", seed=7)
    loop = Loop(match, open_window(), fps=None, outputs=Outputs(log=log))
    while not match.end:
        press(loop, pygame.K_SPACE)
    ended = (match.end, match.length, match.total)
    press(loop, pygame.K_n, pygame.K_LEFT, pygame.K_v, pygame.K_LEFT, pygame.K_r)
    press(loop, pygame.K_n, pygame.K_v)  # nothing was played: no line
    key_down(pygame.K_LEFT)
    key_down(pygame.K_ESCAPE)
    loop.run()
    _, *lines = [json.loads(line) for line in log.read_text().splitlines()]
    common = {"id": "SkittlesEasy", "fps": None}
    assert lines == [
        common
        | {"view": "full", "seed": 7, "end": ended[0], "length": ended[1]}
        | {"return": pytest.approx(ended[2])},
        common
        | {"view": "mixed", "seed": 8, "end": "abandoned", "length": 2, "return": 0.02},
        common
        | {"view": "mixed", "seed": 9, "end": "abandoned", "length": 1, "return": 0.01},
    ]


def test_the_film_has_a_frame_per_step_in_the_view_that_was_shown(compiled, tmp_path):
    match = compiled("NavigatorEasy", seed=3)
    path = tmp_path / "a.gif"
    opened = film.open_film(path, fps=5)
    loop = Loop(match, open_window(), fps=None, outputs=Outputs(film=opened))
    want = [match.frame]
    for key in (pygame.K_LEFT, pygame.K_v, pygame.K_RIGHT, pygame.K_r, pygame.K_UP):
        press(loop, key)
        if key != pygame.K_v:
            want.append(match.frame)
    pygame.event.post(pygame.Event(pygame.QUIT))  # the window is closed
    loop.run()
    opened.close()
    frames, durations = films.decode_gif(path)
    found = films.repeat_by_duration(frames, durations, fps=5)
    np.testing.assert_array_equal(found, want)


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


def pixels():
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)


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


class TestCommand:
    """`arcade-gym-play` from its options to its files."""

    @pytest.fixture
    def quick(self, monkeypatch, compiled):
        """Begins with a compiled game and without the screen that says so."""
        made = []

        def match(env_id, *, partial_obs, obs_size, seed):
            found = compiled(env_id, seed)
            if partial_obs:
                found.visibility = Visibility.PARTIAL
                found.restart()
            made.append((env_id, partial_obs, obs_size, seed))
            return found

        monkeypatch.setattr(app, "Match", match)
        monkeypatch.setattr(app.loading, "run", lambda *args: True)
        return made

    def play(self, *arguments, keys=()):
        pygame.display.init()
        for key in (*keys, pygame.K_ESCAPE):
            key_down(key)
        return play.main(list(arguments))

    def test_options_reach_the_game(self, quick):
        options = ["-p", "-o", "64", "--seed", "9"]
        assert self.play("NavigatorEasy", *options) == 0
        assert self.play("NavigatorEasy") == 0
        assert quick == [
            ("NavigatorEasy", True, 64, 9),
            ("NavigatorEasy", False, 256, 0),
        ]
        assert not pygame.display.get_init()  # the window is closed

    def test_record_and_log_write_files(self, quick, tmp_path):
        movie, log = tmp_path / "a.mp4", tmp_path / "a.jsonl"
        files = ["--record", str(movie), "--log", str(log), "--fps", "7"]
        self.play("NavigatorEasy", *files, keys=[pygame.K_LEFT, pygame.K_RIGHT])
        frames, fps = films.decode_mp4(movie, 2 * SIDE, 2 * SIDE)
        assert (len(frames), fps) == (3, 7)
        (line,) = [json.loads(line) for line in log.read_text().splitlines()]
        assert (line["id"], line["length"]) == ("NavigatorEasy", 2)

    def test_without_an_id_there_is_a_menu(self, quick, monkeypatch):
        monkeypatch.setattr(menu, "picture", lambda game: np.zeros((9, 9, 3), np.uint8))
        keys = [pygame.K_DOWN, pygame.K_RIGHT, pygame.K_v, pygame.K_RETURN]
        self.play("-o", "64", keys=keys)
        assert quick == [("NavigatorEasy", True, 64, 0)]
        self.play()
        assert len(quick) == 1  # Esc in the menu

    @pytest.mark.parametrize(
        ("options", "pace"),
        [
            (["SkittlesEasy"], 6),
            (["SkittlesEasy", "--fps", "3"], 3),
            (["SkittlesEasy", "--fps", "3", "--turn-based"], None),
            (["NavigatorEasy"], None),
            (["NavigatorEasy", "--fps", "3"], None),
        ],
    )
    def test_the_pace_follows_the_game_and_the_options(
        self, quick, monkeypatch, options, pace
    ):
        paces = []
        monkeypatch.setattr(Loop, "run", lambda loop: paces.append(loop._fps))
        self.play(*options)
        assert paces == [pace]

    def test_leaving_while_it_compiles_plays_nothing(
        self, quick, monkeypatch, tmp_path
    ):
        monkeypatch.setattr(app.loading, "run", lambda *args: False)
        path = tmp_path / "a.gif"
        assert self.play("NavigatorEasy", "--record", str(path)) == 0
        assert not path.exists()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["NavigatorEesy"], "Did you mean 'NavigatorEasy'"),
            (["NavigatorEasy", "-o", "513"], "must be an integer from 64 to 512"),
            (
                ["NavigatorEasy", "--seed", "-1"],
                "must be an integer from 0 to 4294967295",
            ),
            (["NavigatorEasy", "--fps", "0"], "must be an integer from 1 to 50"),
            (["NavigatorEasy", "--record", "no/a.gif"], "cannot write 'no/a.gif'"),
            (["NavigatorEasy", "--record", "a.txt"], "a film ends in .gif or .mp4"),
            (["NavigatorEasy", "--log", "no/a.jsonl"], "cannot write 'no/a.jsonl'"),
        ],
    )
    def test_wrong_options_are_refused_before_anything_opens(
        self, quick, capsys, arguments, message
    ):
        with pytest.raises(SystemExit) as stopped:
            play.main(arguments)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
        assert quick == []

    def test_without_pygame_it_says_what_to_install(self, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "pygame", None)
        assert play.main(["NavigatorEasy"]) == 2
        message = capsys.readouterr().err
        assert message == "Playing needs pygame-ce: pip install 'arcade-gym[human]'\n"

    def test_ctrl_c_closes_the_window(self, quick, monkeypatch):
        def interrupt(loop):
            raise KeyboardInterrupt

        monkeypatch.setattr(Loop, "run", interrupt)
        assert self.play("NavigatorEasy") == 130
        assert not pygame.display.get_init()

    def test_help_fits_in_80_columns(self, monkeypatch, capsys):
        monkeypatch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit):
            play.main(["--help"])
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 80
        assert "V switch view" in text


@pytest.mark.skipif(sys.platform != "linux", reason="needs a system without screen")
def test_without_a_screen_there_is_advice():
    """In a process of its own, without the dummy driver of the other tests."""
    removed = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    code = (
        f"import os; [os.environ.pop(name, None) for name in {removed}]; "
        "from arcade_gym import compilation_cache, play; "
        "compilation_cache.enable = lambda: None; "
        "raise SystemExit(play.main(['NavigatorEasy']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "cannot open a window" in done.stderr
    assert "xvfb-run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_driver_that_fails_gives_the_same_advice(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no such driver")
    with pytest.raises(window.NoDisplayError, match="cannot open a window"):
        window.require_screen()


def test_an_idle_board_game_leaves_the_processor_alone(board):
    """Measured in CPU time of this process, not in seconds that others can take."""
    board.turn()
    before, start = time.process_time(), time.monotonic()
    for _ in range(2):
        board.turn()
    elapsed = time.monotonic() - start
    assert elapsed > 1.5  # it waits for events
    assert (time.process_time() - before) / elapsed < 0.15
