"""The command that films, from its options to the frames of its file."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym import ArcadeVectorEnv
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.main import main
from arcade_gym.films import sheet
from arcade_gym.record import FPS
from tests.arcade_gym import decoding

SEED, LANES, STEPS = 5, 3, 6


def go_right(state, params):
    """As the policy below, but from the state."""
    return jnp.where(state.time <= params.max_steps, 3, 0)


def policy(obs):
    return np.full(len(obs), 3)


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    """Commands would turn JAX's cache on for all tests of this process."""
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)


@pytest.fixture(scope="module")
def envs():
    return ArcadeVectorEnv(LANES, game="Skittles", obs_size=64, backend="numpy")


@pytest.fixture(scope="module")
def batches(envs):
    """Frames of all lanes, straight from the environment."""
    played = [envs.reset(seed=SEED)[0]]
    for _ in range(STEPS):
        played.append(envs.step(policy(played[0]))[0])
    return played


@pytest.mark.quick
def test_the_command_films_random_play(tmp_path, capsys):
    path = tmp_path / "a.gif"
    small = ["-p", "-o", "64", "--lanes", "3", "--columns", "3", "--steps", "4"]
    main(["record", "SkittlesEasy", str(path), *small, "--caption", "", "--fps", "10"])
    frames, durations = decoding.decode_gif(path)
    assert sum(durations) == 500
    assert frames[0].shape == (64, 3 * 64 + 2 * sheet.GAP, 3)
    out, err = capsys.readouterr()
    assert out == f"Wrote {path}\n"
    assert err.startswith("5/5 frames, ")


@pytest.mark.parametrize(
    ("option", "function"), [("--script", "go_right"), ("--policy", "policy")]
)
def test_the_command_films_a_function(tmp_path, option, function, batches):
    path = tmp_path / "a.gif"
    player = ["tests.arcade_gym.commands.test_record:" + function, "--backend", "jax"]
    size = ["-o", "64", "--steps", "6", "--lanes", "3", "--seed", str(SEED)]
    main(["record", "SkittlesEasy", str(path), option, *player, *size])
    frames, durations = decoding.decode_gif(path)
    found = decoding.repeat_by_duration(frames, durations, FPS)
    caption = f"SkittlesEasy, full view, {__name__}.{function}, seed {SEED}"
    heading = sheet.title(caption, found[0].shape[1])
    want = [np.concatenate([heading, sheet.grid(batch)]) for batch in batches]
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["SkitlesEasy", "a.gif"], "Did you mean 'SkittlesEasy'"),
        (["SkittlesEasy", "missing/a.gif"], "cannot write 'missing/a.gif'"),
        (["SkittlesEasy", "a.gif", "-o", "63"], "must be an integer from 64 to 512"),
        (["SkittlesEasy", "a.gif", "-o", "big"], "integer from 64 to 512, got 'big'"),
        (["SkittlesEasy", "a.gif", "--script", "nowhere:act"], "No module named"),
        (["SkittlesEasy", "a.gif", "--script", "sys:act"], "no attribute 'act'"),
        (["SkittlesEasy", "a.gif", "--seed", "4294967295"], "seed must lie in"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(
    tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["record", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import os, signal
def policy(obs, seen=[]):
    seen.append(obs)
    if len(seen) == 4:
        os.killpg(0, signal.SIGINT)  # as a terminal does: ffmpeg as well
    return [3] * len(obs)
"""
FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
def policy(obs):
    return [3] * len(obs)
"""


both_files = pytest.mark.parametrize(
    "name", ["a.gif", pytest.param("a.mp4", marks=pytest.mark.slow)]
)


def record_in_a_process(folder, name, policy):
    (folder / "mine.py").write_text(policy)
    small = ["-o", "64", "--lanes", "1", "--steps", "8", "--caption", ""]
    command = [sys.executable, "-m", "arcade_gym", "record", "SkittlesEasy", name]
    return subprocess.run(
        [*command, *small, "--policy", "mine:policy"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


@both_files
def test_after_ctrl_c_the_film_is_complete_up_to_there(tmp_path, name):
    done = record_in_a_process(tmp_path, name, INTERRUPTED)
    assert done.returncode == 130
    assert done.stdout == f"Wrote {name}, up to the interruption\n"
    assert len(done.stderr.splitlines()) == 1  # progress
    if name == "a.gif":
        frames, durations = decoding.decode_gif(tmp_path / name)
        frames = decoding.repeat_by_duration(frames, durations, FPS)
    else:
        frames, _ = decoding.decode_mp4(tmp_path / name, 128, 128)
    assert len(frames) == 4


@pytest.mark.slow
@both_files
def test_a_full_disk_takes_one_line_and_leaves_no_half_file(tmp_path, name):
    """A limit of the size of files stands for the disk; the old film stays."""
    (tmp_path / name).write_text("precious")
    done = record_in_a_process(tmp_path, name, FULL_DISK)
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert message.startswith(f"arcade-gym record: cannot write {name!r}: ")
    assert "Traceback" not in done.stderr
    assert (tmp_path / name).read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {
        "mine.py",
        name,
    }
