"""Films: what is decoded is what was played, and wrong paths are refused in time."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.wrappers.vector import FlattenObservation

import jax_core
from arcade_gym import ArcadeVectorEnv, record
from arcade_gym.films import film, sheet
from tests.arcade_gym import decoding

SEED, LANES, STEPS = 5, 3, 30


def go_right(state, params):
    """As the policy below, but from the state."""
    return jnp.where(state.time <= params.max_steps, 3, 0)


def policy(obs):
    return np.full(len(obs), 3)


@pytest.fixture(scope="module")
def envs():
    return ArcadeVectorEnv(LANES, game="Skittles", obs_size=64, backend="numpy")


@pytest.fixture(scope="module")
def batches(envs):
    """Frames of all lanes, straight from the environment, over ends of episodes."""
    played, ended = [envs.reset(seed=SEED)[0]], False
    for _ in range(STEPS):
        obs, _, terminated, _, _ = envs.step(policy(played[0]))
        played.append(obs)
        ended |= terminated[1]
    assert ended
    return played


def noise(num_frames, height, width):
    rng = np.random.default_rng(0)
    shape = (num_frames, height, width, 3)
    return rng.integers(0, 256, shape, np.uint8)


def test_a_gif_decodes_to_the_frames_that_were_played(tmp_path, envs, batches):
    played = record.watch(envs, policy, num_steps=STEPS, lanes=[1], seed=SEED)
    path = record.save(tmp_path / "a.gif", played, fps=20)
    frames, durations = decoding.decode_gif(path)
    assert set(durations) <= {50, 100, 150}
    found = decoding.repeat_by_duration(frames, durations, fps=20)
    np.testing.assert_array_equal(found, [batch[1] for batch in batches])


def test_equal_frames_in_a_row_last_longer(tmp_path):
    first, second = noise(2, 4, 4)
    path = record.save(
        tmp_path / "a.gif", [f[None] for f in (first, first, second)], fps=10
    )
    frames, durations = decoding.decode_gif(path)
    assert durations == [200, 100]
    np.testing.assert_array_equal(frames, [first, second])


def test_more_than_256_colors_are_close(tmp_path):
    shades = np.linspace(0, 255, 64 * 64 * 3).astype(np.uint8).reshape(1, 64, 64, 3)
    shades[..., 0] = np.arange(64)[None, :, None] * 4
    assert len(np.unique(shades.reshape(-1, 3), axis=0)) > 256
    frames, _ = decoding.decode_gif(record.save(tmp_path / "a.gif", [shades]))
    assert np.abs(frames[0].astype(int) - shades[0]).mean() < 6


def test_an_mp4_shows_the_frames_that_were_played(tmp_path, envs, batches):
    played = record.watch(envs, policy, num_steps=STEPS, seed=SEED)
    path = record.save(tmp_path / "a.mp4", played, fps=24, columns=3)
    width = 2 * (3 * 64 + 2 * sheet.GAP)
    frames, fps = decoding.decode_mp4(path, 128, width)
    assert (len(frames), fps) == (STEPS + 1, 24)
    for found, batch in zip(frames, batches, strict=True):
        want = sheet.grid(batch, 3).repeat(2, 0).repeat(2, 1)
        distance = np.abs(found.astype(int) - want)
        assert distance.mean() < 2
        assert distance.max() < 64  # the palette's colors are further apart


def test_an_mp4_of_odd_size_repeats_the_last_row_and_column(tmp_path):
    frame = np.full((1, 65, 67, 3), 200, np.uint8)
    path = record.save(tmp_path / "a.mp4", [frame] * 3, scale=1)
    frames, _ = decoding.decode_mp4(path, 66, 68)
    assert len(frames) == 3
    assert np.abs(frames[0].astype(int) - 200).max() < 5


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_policies_get_the_arrays_of_the_backend(backend, batches):
    kinds = []

    def look(obs):
        kinds.append(type(obs))
        if backend == "torch":
            return torch.full((len(obs),), 3)
        return jnp.full(len(obs), 3, jnp.int32)

    envs = ArcadeVectorEnv(LANES, game="Skittles", obs_size=64, backend=backend)
    played = record.watch(envs, look, num_steps=4, lanes=[2, 0], seed=SEED)
    np.testing.assert_array_equal(list(played), [b[[2, 0]] for b in batches[:5]])
    assert all(
        issubclass(k, jax.Array if backend == "jax" else torch.Tensor) for k in kinds
    )


def test_a_script_plays_the_episodes_of_the_adapter(envs, batches):
    """In every lane, over the ends of episodes."""
    env, _ = jax_core.make("SkittlesEasy", obs_size=64)
    played = record.watch_script(
        env, go_right, num_steps=STEPS, num_lanes=LANES, seed=SEED
    )
    np.testing.assert_array_equal(list(played), batches)


@pytest.mark.parametrize("lanes", [[3], [-1], []])
def test_lanes_that_do_not_exist_are_refused(envs, lanes):
    with pytest.raises(ValueError, match=r"lanes must be some of 0\.\.2"):
        record.watch(envs, policy, num_steps=1, lanes=lanes)


def test_observations_that_are_no_frames_are_refused(envs):
    with pytest.raises(ValueError, match="observations must be frames"):
        record.watch(FlattenObservation(envs), policy, num_steps=1)


def test_a_film_is_complete_up_to_an_error(tmp_path):
    def broken():
        yield from noise(2, 8, 8)[:, None]
        raise KeyboardInterrupt

    for name in ("a.gif", "a.mp4"):
        with pytest.raises(KeyboardInterrupt):
            record.save(tmp_path / name, broken())
    assert len(decoding.decode_gif(tmp_path / "a.gif")[0]) == 2
    assert len(decoding.decode_mp4(tmp_path / "a.mp4", 16, 16)[0]) == 2


def test_a_film_without_frames_leaves_no_file(tmp_path):
    for name in ("a.gif", "a.mp4"):
        record.save(tmp_path / name, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.avi", r"a film ends in \.gif or \.mp4, got"),
        ("missing/a.gif", "cannot write .*: No such file or directory. Choose a file"),
        ("folder.gif", "cannot write .*: Is a directory"),
    ],
)
def test_paths_are_refused_before_anything_is_played(tmp_path, name, message):
    (tmp_path / "folder.gif").mkdir()

    def never():
        raise AssertionError("played")
        yield

    with pytest.raises(ValueError, match=message):
        record.save(tmp_path / name, never())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 0}, r"fps must lie in 1\.\.50, got 0"),
        ({"fps": 51}, r"fps must lie in 1\.\.50, got 51"),
        ({"scale": 0}, "scale must be None or at least 1, got 0"),
        ({"columns": 0}, "columns must be None or at least 1, got 0"),
    ],
)
def test_bad_options_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        record.save(tmp_path / "a.gif", [], **options)


def test_checking_a_path_keeps_what_is_there(tmp_path):
    path = tmp_path / "a.gif"
    film.check_path(path)
    assert not path.exists()
    path.write_text("precious")
    film.check_path(path)
    assert path.read_text() == "precious"


def test_mp4_without_ffmpeg_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ImportError, match=r"pip install 'arcade-gym\[video\]'"):
        record.save(tmp_path / "a.mp4", [])


def test_the_grid_fills_rows_from_the_left():
    frames = np.stack([np.full((2, 3, 3), level, np.uint8) for level in (1, 2, 3)])
    gap = sheet.GAP
    nearly_square = sheet.grid(frames)
    assert nearly_square.shape == (4 + gap, 6 + gap, 3)
    assert (nearly_square[:2, :3] == 1).all()
    assert (nearly_square[:2, 3 + gap :] == 2).all()
    assert (nearly_square[2 + gap :, :3] == 3).all()
    assert (nearly_square[2 + gap :, 3 + gap :] == nearly_square[2, 0]).all()
    assert sheet.grid(frames, 1).shape == (6 + 2 * gap, 3, 3)
    assert sheet.grid(frames, 9).shape == (2, 9 + 2 * gap, 3)


def test_the_caption_is_above_the_grid_and_wraps(tmp_path):
    frames = noise(1, 16, 90)
    assert sheet.title("", 90).shape == (0, 90, 3)
    one, two = sheet.title("seed 0", 90), sheet.title("seed 0 " * 4, 90)
    assert one.shape[1] == two.shape[1] == 90
    assert len(np.unique(one.reshape(-1, 3), axis=0)) > 1
    assert 1.5 * len(one) < len(two)
    assert (two[:, -1] == two[0, 0]).all()  # nothing is cut off
    path = record.save(tmp_path / "a.gif", [frames // 64 * 64], caption="seed 0")
    found = decoding.decode_gif(path)[0][0]
    np.testing.assert_array_equal(found[: len(one)], one)
    np.testing.assert_array_equal(found[len(one) :], frames[0] // 64 * 64)


@pytest.mark.slow
def test_importing_it_loads_neither_ffmpeg_nor_a_backend():
    code = (
        "import sys, arcade_gym.record; from jax._src import xla_bridge; "
        "assert not xla_bridge.backends_are_initialized(); "
        "print({'imageio_ffmpeg', 'torch', 'pygame'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
