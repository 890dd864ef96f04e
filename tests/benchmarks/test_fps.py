"""The throughput benchmark counts what it says, and its options work."""

import json
from types import SimpleNamespace

import fps
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import timing
import torch
from timing import Rate, measure_in_turn

import jax_core
from jax_core import registry

TINY = ["Breakout", "--num-envs", "4", "--obs-size", "64", "--steps", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("backend", fps.BACKENDS)
def test_every_backend_is_measured_and_recorded(backend, tmp_path, capsys):
    path = tmp_path / "result.json"
    options = ["--repeats", "2", "--partial", "--backend", backend]
    (row,) = fps.main([*TINY, *options, "--json", str(path)])
    assert row.view == "partial"
    assert row.fill.median > 0
    assert 0 < row.step_read.least <= row.step_read.median <= row.step_read.largest
    record = json.loads(path.read_text())
    assert record["settings"]["backend"] == backend
    assert record["rows"][0]["step"]["median"] == row.step.median
    assert {"date", "command", "device", "versions"} <= set(record)
    assert "Breakout" in capsys.readouterr().out


def test_all_levels_are_measured_on_request(monkeypatch):
    measured = []
    monkeypatch.setattr(fps, "measure_game", lambda game, *_: measured.append(game))
    monkeypatch.setattr(fps, "print_row", lambda *_: None)
    monkeypatch.setattr(fps, "print_lowest", lambda *_: None)
    fps.main(["--all-levels", "--partial"])
    assert measured == sorted(registry.levels)


@pytest.mark.parametrize(("options", "waits"), [([], 2 * 3), (["--queued"], 2)])
def test_loops_wait_for_each_step_or_at_the_end_alone(options, waits, monkeypatch):
    """Once more than there are repeats, which warms up."""
    waited = []
    monkeypatch.setattr(fps, "wait", waited.append)
    options = fps.parse(["--steps", "3", "--repeats", "1", *options])
    (rate,) = fps.measure_loops([(lambda index: index, fps.unread)], options)
    assert len(waited) == waits
    assert waited[-1] == 2
    assert rate.median > 0


def test_tensors_on_a_gpu_are_waited_for(monkeypatch):
    synchronized = []
    monkeypatch.setattr(torch.cuda, "synchronize", synchronized.append)
    timing.wait(SimpleNamespace(is_cuda=True, device="cuda:1"))
    timing.wait(torch.zeros(1))
    timing.wait(jnp.zeros(1))
    assert synchronized == ["cuda:1"]


def test_words_of_a_gpu_hold_the_same_bytes(monkeypatch):
    frames = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    whole = frames.reshape(3, -1).view(np.uint32)
    wanted = np.bitwise_xor.reduce(whole, axis=1)
    assert np.array_equal(fps.read.__wrapped__(jnp.asarray(frames)), wanted)
    filled = fps.refill.__wrapped__(jnp.asarray(frames), jnp.uint8(7))
    assert filled.shape == frames.shape
    assert np.unique(filled).tolist() == [7]


@pytest.mark.parametrize(
    ("options", "views"),
    [([], [False, True]), (["--full"], [False]), (["--partial"], [True])],
)
def test_views_are_chosen(options, views, monkeypatch):
    measured = []
    monkeypatch.setattr(fps, "measure_game", lambda _, view, __: measured.append(view))
    monkeypatch.setattr(fps, "print_row", lambda *_: None)
    monkeypatch.setattr(fps, "print_lowest", lambda *_: None)
    fps.main(["Breakout", *options])
    assert measured == views


def test_the_lowest_share_is_of_the_fill_measured_with_it(capsys):
    rows = []
    for game, step, fill in ("A", 250, 1000), ("B", 200, 500), ("C", 300, 600):
        rate, limit = (Rate(speed, speed, speed) for speed in (step, fill))
        rows.append(fps.Row(game, "full", 1.0, limit, rate, rate, rate, rate))
    fps.print_lowest(rows)
    assert capsys.readouterr().out == "lowest share of the fill: 25%, A, full view\n"


@pytest.mark.slow
def test_gray_frames_of_84_pixels_are_measured():
    """Their bytes are no multiple of 64."""
    shape = ["--channels", "1", "--obs-size", "84", "--repeats", "1", "--partial"]
    (row,) = fps.main([*TINY, *shape])
    assert row.step_read.median > 0


def test_environments_have_no_gray_frames_to_measure(capsys):
    with pytest.raises(SystemExit):
        fps.parse(["--channels", "1", "--backend", "numpy"])
    assert "--backend functional" in capsys.readouterr().err


def test_unknown_games_are_refused_with_a_hint(capsys):
    with pytest.raises(SystemExit):
        fps.parse(["Brekout"])
    assert "Did you mean 'Breakout'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_step_returns_its_frames_so_none_can_be_deleted():
    """Each call is one program, whose frames are among its results."""
    env, params = jax_core.make("BreakoutEasy", obs_size=64)
    keys = jax.random.split(jax.random.key(0), 4)
    state = jax.vmap(env.init)(keys)
    step = jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None)))
    text = step.lower(keys, state, jnp.zeros(4, jnp.int32), params).compile().as_text()
    layout = text[: text.index("\n")]
    assert "u8[4,64,64,3]" in layout.partition("->")[2]


def test_reading_depends_on_every_byte():
    frames = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    want = np.asarray(fps.read(frames))
    for place in np.random.default_rng(1).integers(0, frames.size, 50):
        changed = frames.copy()
        changed.reshape(-1)[place] ^= 1
        assert (np.asarray(fps.read(changed)) != want).sum() == 1


def test_reading_is_a_program_of_its_own():
    """It takes the frames as an argument and computes nothing but the reduction."""
    frames = jax.ShapeDtypeStruct((2, 64, 64, 3), jnp.uint8)
    text = fps.read.lower(frames).compile().as_text()
    assert "u8[2,64,64,3]" in text[: text.index("\n")].partition("->")[0]


def test_the_limit_is_measured_on_memory_that_is_reused():
    frames = jnp.zeros((2, 64, 64, 3), jnp.uint8)
    place = frames.unsafe_buffer_pointer()
    fill = fps.filler([frames])
    for index in (0, 254, 255):
        frames = fill(index)
        assert frames.unsafe_buffer_pointer() == place
        assert (frames == frames[0, 0, 0, 0]).all()
        assert frames.any(), "zeros may be stored faster than frames"


def test_works_take_turns():
    """So that a slow minute slows the steps and their limit alike."""
    calls = []
    works = [lambda: calls.append("fill"), lambda: calls.append("step")]
    rates = measure_in_turn(works, items=1, repeats=2)
    assert calls == ["fill", "step"] * 3  # the first warms up
    assert all(0 < rate.least <= rate.median <= rate.largest for rate in rates)
