"""An agent at the controls, with real events and an agent that does as it is told."""

import numpy as np
import pygame
import pytest

from arcade_gym import ArcadeEnv
from arcade_gym.films import lettering
from arcade_gym.playing import copilot as copilot_module
from arcade_gym.playing import loop as loop_module
from arcade_gym.playing import strip, window
from arcade_gym.playing.companion import Look, Thought
from arcade_gym.playing.copilot import Copilot
from arcade_gym.playing.loop import Loop, Outputs
from jax_core.game import Move, Visibility
from jax_core.rendering import font
from jax_core.rendering.palette import Color
from tests.arcade_gym.playing.kit import SIDE, Clock, key_down, pixels, press

SCORES = np.array([0.1, 0.0, 0.2, 0.6, 0.1], np.float32)
STEP = 1 / loop_module.WATCH_FPS  # seconds


class Scripted:
    """Always wants to go right, and keeps what it was shown."""

    name, env_id, obs_size = "runs/a", "NavigatorEasy", SIDE
    scores_are, visibility = "probability", Visibility.PARTIAL

    def __init__(self):
        self.seen, self.looks = [], 0

    def compile(self): ...

    def see(self, frame, last_action):
        self.seen.append((frame, last_action))
        return Thought(int(Move.RIGHT), SCORES)

    def look(self):
        self.looks += 1
        frames = np.stack([frame for frame, _ in self.seen[-3:]])
        red = frames // 2 + np.array([100, 0, 0], np.uint8)
        weights = np.zeros(len(frames), np.float32)
        weights[0] = 0.75
        return Look(red, weights, 0.25)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def agent():
    return Scripted()


@pytest.fixture(params=[None], ids=["turns"])
def fps(request):
    return request.param


@pytest.fixture
def loop(compiled, agent, clock, shown, fps):
    match = compiled("NavigatorEasy", seed=3)
    match.switch_view()
    opened = window.Window("test", window.size_for(SIDE, footer=strip.HEIGHT))
    copilot = Copilot(agent)
    return Loop(match, opened, fps=fps, outputs=Outputs(), copilot=copilot, now=clock)


def wait(loop, clock):
    """Lets the time of a step pass; an event wakes the loop up."""
    clock.seconds += 1.01 * STEP
    pygame.event.post(pygame.Event(pygame.MOUSEMOTION, pos=(0, 0), rel=(0, 0)))
    assert loop.turn()


def test_an_agent_plays_a_game_that_would_wait_for_a_player(loop, clock):
    env = ArcadeEnv(game="NavigatorEasy", partial_obs=True, obs_size=SIDE)
    env.reset(seed=3)
    for steps in (1, 2, 3):
        wait(loop, clock)
        assert loop.match.length == steps
        obs, *_ = env.step(int(Move.RIGHT))
        np.testing.assert_array_equal(loop.match.frame, obs)


def test_keys_do_nothing_while_the_agent_plays(loop):
    press(loop, pygame.K_UP)
    assert loop.match.length == 0


def test_a_takes_over_and_gives_back(loop, clock, shown):
    assert "plays agent" in shown
    press(loop, pygame.K_a)
    assert "plays you" in shown
    wait(loop, clock)
    assert loop.match.length == 0  # the game waits for the player again
    press(loop, pygame.K_UP)
    assert loop.match.length == 1
    press(loop, pygame.K_a)
    wait(loop, clock)
    assert loop.match.length == 2
    assert "plays agent" in shown


@pytest.mark.parametrize("fps", [loop_module.WATCH_FPS], ids=["time"])
def test_where_time_passes_it_passes_for_whoever_plays(loop, agent, clock):
    press(loop, pygame.K_a)
    key_down(pygame.K_UP)
    wait(loop, clock)
    press(loop, pygame.K_a)
    wait(loop, clock)
    assert [last for _, last in agent.seen] == [None, Move.UP, Move.RIGHT]


def test_the_agent_sees_its_own_view_whoever_plays(loop, agent, clock):
    env = ArcadeEnv(game="NavigatorEasy", partial_obs=True, obs_size=SIDE)
    frames = [env.reset(seed=3)[0]]
    press(loop, pygame.K_v, pygame.K_a, pygame.K_UP)
    frames.append(env.step(int(Move.UP))[0])
    press(loop, pygame.K_a)
    wait(loop, clock)
    frames.append(env.step(int(Move.RIGHT))[0])
    assert [last for _, last in agent.seen] == [None, Move.UP, Move.RIGHT]
    for (seen, _), frame in zip(agent.seen, frames, strict=True):
        np.testing.assert_array_equal(seen, frame)


@pytest.mark.parametrize("key", [pygame.K_r, pygame.K_n])
def test_a_new_episode_is_new_to_the_agent(loop, agent, clock, key):
    wait(loop, clock)
    press(loop, key)
    assert [last for _, last in agent.seen] == [None, Move.RIGHT, None]
    np.testing.assert_array_equal(agent.seen[-1][0], loop.match.frame)


def test_an_agent_can_be_paused(loop, clock):
    press(loop, pygame.K_p)
    wait(loop, clock)
    assert loop.match.length == 0


def shown_frame(loop):
    """The frame in the window, at the factor that fits above the strip."""
    width, height = loop._window.surface.get_size()
    width, height = width - window.PANEL_WIDTH, height - strip.HEIGHT
    factor = min(width, height) // SIDE
    left, top = (width - factor * SIDE) // 2, (height - factor * SIDE) // 2
    picture = pixels()[top : top + factor * SIDE, left : left + factor * SIDE]
    return picture[::factor, ::factor]


def test_the_window_shows_what_the_agent_looks_at(loop, agent):
    np.testing.assert_array_equal(shown_frame(loop), agent.look().frames[-1])


def test_heat_is_not_drawn_on_the_view_that_the_agent_does_not_see(loop):
    press(loop, pygame.K_v)
    np.testing.assert_array_equal(shown_frame(loop), loop.match.frame)


def test_h_hides_it_and_then_it_costs_nothing(loop, agent, clock, shown):
    assert agent.looks == 1
    wait(loop, clock)
    assert agent.looks == 2
    press(loop, pygame.K_h)
    wait(loop, clock)
    assert agent.looks == 2
    colors = {
        tuple(color) for color in pixels()[:, : -window.PANEL_WIDTH].reshape(-1, 3)
    }
    assert Color.SKY.value not in colors  # no strip
    press(loop, pygame.K_h)
    assert agent.looks == 3


def test_bars_of_the_strip_are_as_high_as_the_weights():
    frames = np.zeros((3, SIDE, SIDE, 3), np.uint8)
    look = Look(frames, np.array([0.5, 0.0, 0.25], np.float32), 0.25)
    picture = pygame.surfarray.array3d(strip.draw(look)).swapaxes(0, 1)
    yellow = (picture == Color.YELLOW.value).all(-1).sum(0)
    right = [strip.WIDTH - (age + 1) * strip.PITCH for age in (2, 1, 0)]
    heights = [yellow[left : left + strip.TILE].max() for left in right]
    assert heights == [strip.BAR // 2, 0, strip.BAR // 4]
    assert yellow[strip.GAP : strip.GAP + strip.TILE].max() == strip.BAR // 4


@pytest.mark.parametrize("side", [64, 256])
def test_frames_of_every_size_are_in_the_strip(side):
    frames = np.zeros((8, side, side, 3), np.uint8)
    frames[..., 1] = 10 + np.arange(8, dtype=np.uint8)[:, None, None]
    look = Look(frames, np.full(8, 1 / 8, np.float32), 0.0)
    picture = pygame.surfarray.array3d(strip.draw(look)).swapaxes(0, 1)
    shown = {tuple(color) for color in picture.reshape(-1, 3)}
    assert {(0, 10 + index, 0) for index in range(8)} <= shown


def test_a_narrow_window_shows_the_newest_frames():
    opened = window.Window("test", (window.PANEL_WIDTH + 300, 700))
    frame = np.zeros((SIDE, SIDE, 3), np.uint8)
    footer = pygame.Surface((strip.WIDTH, strip.HEIGHT))
    footer.fill((0, 0, 9))
    footer.fill((0, 9, 0), (strip.WIDTH - 10, 0, 10, strip.HEIGHT))
    area = opened.show(frame, [window.Line("a", "b")], footer)
    below = pixels()[area.bottom + 1, :300]
    assert (below[:290] == [0, 0, 9]).all()
    assert (below[290:] == [0, 9, 0]).all()


def test_the_panel_shows_scores_and_keys(loop, shown):
    for line in (
        "agent runs/a",
        "it sees partial view: probability",
        "right 0.60",
        "up 0.10",
        "A take over, give back",
        "H what it looks at",
    ):
        assert line in shown


def test_without_an_agent_its_keys_do_nothing(board, shown):
    key_down(pygame.K_a)
    key_down(pygame.K_h)
    assert board.turn()
    assert board.match.length == 0
    assert not {"A take over, give back", "H what it looks at"} & set(shown)


def test_bars_of_values_go_from_the_worst_to_the_best():
    values = np.array([-2, 0, 2, 1, -1], np.float32)
    found = copilot_module.lengths(values, "Q-value")
    np.testing.assert_allclose(found, [0, 0.5, 1, 0.75, 0.25])
    assert not copilot_module.lengths(np.ones(5, np.float32), "Q-value").any()
    np.testing.assert_array_equal(copilot_module.lengths(SCORES, "probability"), SCORES)


def test_the_text_of_the_strip_can_be_written_and_fits():
    for text in strip.LEGEND:
        assert set(text.upper()) <= font.GLYPHS.keys()
        assert window.DOT * lettering.width(text) <= strip.WIDTH - 2 * strip.GAP
