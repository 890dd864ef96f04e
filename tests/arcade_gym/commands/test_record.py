"""The command that films, from its options to the frames of its file."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym import ArcadeVectorEnv
from arcade_gym.commands import compilation_cache, record
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


def test_the_command_films_random_play(tmp_path, capsys):
    path = tmp_path / "a.gif"
    small = ["-p", "-o", "64", "--lanes", "3", "--columns", "3", "--steps", "4"]
    record.main(["SkittlesEasy", str(path), *small, "--caption", "", "--fps", "10"])
    frames, durations = decoding.decode_gif(path)
    assert sum(durations) == 500
    assert frames[0].shape == (64, 3 * 64 + 2 * sheet.GAP, 3)
    out, err = capsys.readouterr()
    assert out == f"Wrote {path}\n"
    assert "5/5" in err  # the progress bar


@pytest.mark.parametrize(
    ("option", "function"), [("--script", "go_right"), ("--policy", "policy")]
)
def test_the_command_films_a_function(tmp_path, option, function, batches):
    path = tmp_path / "a.gif"
    player = ["tests.arcade_gym.commands.test_record:" + function, "--backend", "jax"]
    size = ["-o", "64", "--steps", "6", "--lanes", "3", "--seed", str(SEED)]
    record.main(["SkittlesEasy", str(path), option, *player, *size])
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
        record.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_without_tqdm_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(SystemExit):
        record.main(["SkittlesEasy", str(tmp_path / "a.gif")])
    assert "pip install 'arcade-gym[video]'" in capsys.readouterr().err


def test_help_fits_in_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        record.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "--partial-obs" in "".join(lines)
