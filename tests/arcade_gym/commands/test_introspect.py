"""`arcade-gym introspect`: figures, films and numbers, whole or not at all."""

import importlib.util
import json

import numpy as np
import pytest
from PIL import Image

from arcade_gym.baselines import load_agent
from arcade_gym.baselines.evaluation import TEST_SEED
from arcade_gym.commands import compilation_cache, findings, introspect
from arcade_gym.commands.main import main
from arcade_gym.introspection import (
    contaminate,
    density_of,
    overlay,
    record_trajectory,
    saliency_maps,
)
from tests.arcade_gym.baselines.conftest import own_cue
from tests.arcade_gym.report import folders

__all__ = ["own_cue"]

FEW = ("--episodes", "3")
STEPS = 6  # of Cue


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, lenient_arrays):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)


@pytest.fixture(scope="module")
def run(tmp_path_factory, own_cue):
    place = tmp_path_factory.mktemp("runs")
    return folders.untrained(place / "a", "ppo", memory="gru")


@pytest.fixture(scope="module")
def episodes(run):
    agent = load_agent(run)
    env = folders.env(agent.config)
    seeds = range(TEST_SEED, TEST_SEED + 3)
    return [record_trajectory(agent.network, env, seed) for seed in seeds]


def ask(*arguments):
    return main(["introspect", *map(str, arguments)])


def read(name):
    with open(name) as file:
        return json.load(file)


def is_near(found, wanted):
    return np.allclose(found, wanted, atol=1e-6)


@pytest.mark.quick
def test_density_is_written_as_a_figure_and_as_numbers(run, episodes, capsys):
    assert ask("density", run, *FEW) == 0
    captured = capsys.readouterr()
    assert captured.out == "Wrote density.png, density.json\n"
    assert "3/3 episodes played" in captured.err
    assert "3/3 episodes asked" in captured.err
    found, wanted = read("density.json"), density_of(load_agent(run).network, episodes)
    assert (found["by"], found["shown"], found["episodes"]) == (
        "exchange",
        "partial",
        3,
    )
    assert (found["run"], found["level"], found["seed"]) == ("a", "CueEasy", TEST_SEED)
    for name in ("mean", "low", "high", "thirds", "share_by_age", "flips_by_age"):
        assert is_near(found[name], getattr(wanted, name))
    with Image.open("density.png") as picture:
        assert picture.size > (600, 300)
        assert picture.mode == "P"  # small enough for a page


@pytest.mark.slow
def test_density_by_gradient_in_the_other_view(run, tmp_path):
    options = ("--by", "gradient", "--target", "value", "--view", "full", "--bins", "4")
    assert ask("density", run, *FEW, *options, "--out", "x.npz", "x.pdf") == 0
    with np.load("x.npz") as found:
        about = json.loads(str(found["about"]))
        assert found["mean"].shape == (4,)
    assert (about["by"], about["target"]) == ("gradient", "value")
    assert (about["trained"], about["shown"]) == ("partial", "full")
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_contamination_of_a_kind(run, episodes):
    assert ask("contamination", run, *FEW, "--kind", "reverse") == 0
    wanted = contaminate(load_agent(run).network, episodes, "reverse")
    found = read("contamination.json")
    assert found["kind"] == "reverse"
    assert is_near(found["flips_by_age"], wanted.flips_by_age)
    assert is_near(found["change_by_age"], wanted.change_by_age)


def test_saliency_is_a_film_a_figure_and_the_maps(run, episodes, tmp_path):
    out = ("a.gif", "a.png", "a.npz")
    assert ask("saliency", run, "--at", 2, "--out", *out) == 0
    assert {path.name for path in tmp_path.iterdir()} == set(out)
    with np.load("a.npz") as found:
        heat, obs = found["heat"], found["obs"]
        assert json.loads(str(found["about"]))["at"] == 2
    maps = saliency_maps(load_agent(run).network, episodes[0], 2).mean(-1)
    assert heat.shape == (STEPS, 8, 64, 64)
    assert is_near(heat[2, -3:], maps)
    assert np.array_equal(obs, episodes[0].obs)
    with Image.open("a.gif") as film:
        assert film.n_frames == STEPS
        assert film.width > 8 * 64
    with Image.open("a.png") as picture:
        assert picture.width > 400  # three frames


def test_a_picture_of_the_film_ends_with_the_frame_of_its_decision(episodes):
    obs = episodes[0].obs
    nothing = np.zeros((STEPS, 8, 4, 4), np.float32)
    for at, picture in enumerate(findings._pictures(episodes[0], nothing)):
        seen = obs[max(0, at - 7) : at + 1]
        dimmed = overlay(seen, np.zeros(seen.shape[:3], np.float32))
        for row, wanted in zip((picture[:8], picture[8:]), (seen, dimmed), strict=True):
            assert np.array_equal(row[-len(seen) :], wanted)
            assert not row[: -len(seen)].any()


def test_a_film_has_no_more_colors_than_a_gif_can_hold(episodes):
    heat = np.random.default_rng(0).random((STEPS, 8, 64, 64), np.float32)
    (picture, *_) = findings._pictures(episodes[0], heat)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) <= 256


@pytest.mark.slow
def test_saliency_by_exchange_has_patches(run):
    assert ask("saliency", run, "--by", "exchange", "--out", "a.json") == 0
    found = read("a.json")
    assert np.shape(found["heat"]) == (STEPS, 8, 8, 8)
    assert "target" not in found


def test_runs_may_be_of_untrained_views_and_networks(run):
    options = ("--network", "last", "--max-steps", "2", "--seed", "5")
    assert ask("density", run, *FEW, *options, "--out", "x.json") == 0
    found = read("x.json")
    assert (found["network"], found["max_steps"], found["seed"]) == ("last", 2, 5)
    assert len(found["share_by_age"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("densty RUN", "Did you mean 'density'"),
        ("density nowhere", "nowhere is not the folder of a run"),
        ("density RUN --by exchanges", "Did you mean 'exchange'"),
        ("density RUN --by gradient --target valu", "Did you mean 'value'"),
        ("density RUN --episodes 1", "--episodes must be from 2 to 100000, got 1"),
        ("density RUN --max-steps 0", "--max-steps must be from 1 to 100000, got 0"),
        ("density RUN --bins 0", "--bins must be from 1 to 1000, got 0"),
        ("density RUN --seed -1", "--seed must be from 0 to"),
        ("density RUN --network bets", "Did you mean 'best'"),
        ("density RUN --out x.gif", "--out must end in one of .png, .pdf, .svg, .npz"),
        ("density RUN --out x.png x.png", "--out names a file twice"),
        ("density RUN --out no/x.json", "cannot write 'no/x.json'"),
        ("contamination RUN --kind nois", "Did you mean 'noise'"),
        ("contamination RUN --episodes 0", "--episodes must be from 1"),
        ("saliency RUN --at 6", "--at must be from 0 to 5, got 6"),
        ("saliency RUN --fps 0", "--fps must be from 1 to 50, got 0"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    run, tmp_path, capsys, arguments, message
):
    assert ask(*arguments.replace("RUN", str(run)).split()) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    folders.DAMAGES,
)
def test_runs_that_cannot_be_used_are_refused(
    own_cue, tmp_path, capsys, damage, message
):
    path = folders.untrained(tmp_path / "x")
    folders.changed(path, **damage)
    assert ask("density", path) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_without_matplotlib_numbers_can_still_be_written(
    run, tmp_path, monkeypatch, capsys
):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        findings.importlib.util,
        "find_spec",
        lambda name: None if name == "matplotlib" else found(name),
    )
    assert ask("density", run, *FEW) == 2
    message = capsys.readouterr().err
    assert "density.png needs matplotlib: pip install" in message
    assert "--out density.json" in message
    assert list(tmp_path.iterdir()) == []
    assert ask("density", run, *FEW, "--out", "density.json") == 0


def test_a_full_disk_leaves_the_old_files(run, tmp_path, monkeypatch, capsys):
    (tmp_path / "density.json").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert ask("density", run, *FEW, "--out", "density.json") == 1
    assert "cannot write 'density.json': No space left" in capsys.readouterr().err
    assert (tmp_path / "density.json").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_every_tool_explains_itself_in_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    for tool in introspect.TOOLS:
        with pytest.raises(SystemExit):
            ask(tool, "--help")
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(f"usage: arcade-gym introspect {tool}")
        assert max(map(len, lines)) <= 80
