"""Windows and films through Gymnasium's own tools."""

import sys
import types
import warnings

import gymnasium
import numpy as np
import pygame
import pytest
from gymnasium.error import DependencyNotInstalled
from gymnasium.wrappers import RecordVideo
from gymnasium.wrappers.vector import RecordVideo as RecordVectorVideo

from arcade_gym import env as env_module
from arcade_gym.playing import window

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would like matplotlib, for plots
    from gymnasium.utils.play import play

ENV_ID = "popgym_arcade/Skittles-v0"
SIDE = 64


@pytest.fixture(autouse=True)
def _dummy_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(env_module, "RENDER_FPS", 1000)
    yield
    pygame.quit()


@pytest.fixture
def clips(monkeypatch):
    """Stands in for moviepy, which would pin an old Pillow: frames by file name."""
    made = {}

    class ImageSequenceClip:
        def __init__(self, frames, fps):
            self.frames, self.fps = frames, fps

        def write_videofile(self, path, logger):
            made[path.rpartition("/")[2]] = (np.stack(self.frames), self.fps)

    for name in ("moviepy", "moviepy.video", "moviepy.video.io"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    last = types.ModuleType("moviepy.video.io.ImageSequenceClip")
    last.ImageSequenceClip = ImageSequenceClip
    monkeypatch.setitem(sys.modules, last.__name__, last)
    return made


def on_screen():
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)


def enlarged(frame):
    factor = window.size_for(SIDE, panel_width=0)[0] // SIDE
    return frame.repeat(factor, 0).repeat(factor, 1)


def test_human_mode_shows_every_frame_in_a_window():
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="human")
    obs, _ = env.reset(seed=0)
    np.testing.assert_array_equal(on_screen(), enlarged(obs))
    assert pygame.display.get_caption()[0] == "SkittlesEasy"
    obs, *_ = env.step(2)
    np.testing.assert_array_equal(on_screen(), enlarged(obs))
    pygame.display.get_surface().fill(0)
    assert env.render() is None
    np.testing.assert_array_equal(on_screen(), enlarged(obs))
    env.close()
    assert not pygame.display.get_init()
    env.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a system without screen")
def test_human_mode_without_a_screen_is_refused(monkeypatch):
    """Issue 14: frames went to SDL's driver without a screen, and nobody was told."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="human")
    message = r"(?s)render_mode='human' .*no screen.*render_mode='rgb_array'.*xvfb-run"
    with pytest.raises(RuntimeError, match=message):
        env.reset(seed=0)
    env.close()
    monkeypatch.setenv("SDL_VIDEODRIVER", "offscreen")  # who asks for it gets it
    env.reset(seed=0)
    env.close()


def test_human_mode_keeps_the_pace(monkeypatch):
    monkeypatch.setattr(env_module, "RENDER_FPS", 20)
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="human")
    env.reset(seed=0)
    start = pygame.time.get_ticks()
    for _ in range(3):
        env.step(4)
    assert pygame.time.get_ticks() - start >= 140  # ms; three times 50
    env.close()


def test_human_mode_leaves_events_to_the_user():
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="human")
    env.reset(seed=0)
    pygame.event.post(pygame.Event(pygame.QUIT))
    env.step(4)
    assert pygame.event.get(pygame.QUIT)
    env.close()


def test_human_mode_without_pygame_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "arcade_gym.playing.viewer", None)
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="human")
    with pytest.raises(DependencyNotInstalled, match=r"arcade-gym\[human\]"):
        env.reset(seed=0)


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match="Did you mean 'human'"):
        env_module.ArcadeEnv(game="Skittles", render_mode="humans")


def test_gymnasiums_play_plays_with_arrows_and_space():
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="rgb_array")
    down, up = pygame.KEYDOWN, pygame.KEYUP
    script = {
        1: [(down, pygame.K_LEFT)],
        3: [(up, pygame.K_LEFT), (down, pygame.K_SPACE)],
        4: [(up, pygame.K_SPACE), (down, pygame.K_RIGHT)],
    }
    seen = []

    def after_step(before, after, action, *results):
        seen.append((action, after))
        for kind, key in script.get(len(seen), []):
            pygame.event.post(pygame.Event(kind, key=key))
        if len(seen) == 5:
            pygame.event.post(pygame.Event(pygame.QUIT))

    play(env, callback=after_step, seed=3, fps=1000, noop=4)
    assert [action for action, _ in seen] == [4, 2, 2, 4, 3]
    other = gymnasium.make(ENV_ID, obs_size=SIDE)
    other.reset(seed=3)
    for action, frame in seen:
        np.testing.assert_array_equal(frame, other.step(action)[0])


def test_record_video_films_the_single_environment(clips, tmp_path):
    env = gymnasium.make(ENV_ID, obs_size=SIDE, render_mode="rgb_array")
    recorder = RecordVideo(
        env, str(tmp_path / "films"), episode_trigger=lambda episode: True
    )
    frames = [recorder.reset(seed=1)[0]]
    frames += [recorder.step(3)[0] for _ in range(4)]
    recorder.close()
    ((shown, fps),) = clips.values()
    np.testing.assert_array_equal(shown, frames)
    assert fps == env.metadata["render_fps"]


def test_record_video_films_the_vector_environment(clips, tmp_path):
    envs = gymnasium.make_vec(
        ENV_ID, num_envs=2, obs_size=SIDE, render_mode="rgb_array", backend="numpy"
    )
    recorder = RecordVectorVideo(
        envs,
        str(tmp_path / "films"),
        record_first_only=True,
        episode_trigger=lambda e: True,
    )
    frames = [recorder.reset(seed=1)[0]]
    frames += [recorder.step(np.array([3, 2]))[0] for _ in range(4)]
    recorder.close()
    assert clips
    for shown, _ in clips.values():
        np.testing.assert_array_equal(shown, [frame[0] for frame in frames])
