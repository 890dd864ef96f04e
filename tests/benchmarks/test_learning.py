"""The table of learned returns, on runs made by hand."""

import json

import learning
import numpy as np
import pytest


def write_run(folder, memory, seed, returns, **changes):
    """The files of a finished run, as far as they are read."""
    folder.mkdir()
    config = {"env_id": "CartPoleHard", "algorithm": "ppo", "memory": memory}
    config |= {"partial_obs": True, "seed": seed, "total_steps": 20}
    config |= {"command": f"arcade-gym train ppo --seed {seed}"} | changes
    metrics = [
        {"steps": 10, "return_mean": None, "episodes": 0, "seconds": 1.0},
        {"steps": 20, "return_mean": 0.5, "episodes": 3, "seconds": 2.0},
    ]
    test = {"kind": "test", "steps": 20, "network": "last", "policy": "greedy"}
    evaluations = [
        {"kind": "training", "steps": 10, "mean": 0.25},
        test | {"view": "partial", "returns": returns, "mean": 0.0},
        test | {"view": "full", "returns": [9.0], "mean": 9.0},
        test | {"view": "partial", "network": "best", "returns": [7.0], "mean": 7.0},
    ]
    (folder / "config.json").write_text(json.dumps(config))
    for name, lines in (("metrics", metrics), ("eval", evaluations)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    (folder / "done.json").write_text("{}")
    return folder


@pytest.fixture
def runs(tmp_path):
    rng = np.random.default_rng(0)
    means = {"gru": (0.9, 0.8), "none": (0.5, 0.3)}
    return [
        write_run(
            tmp_path / f"{memory}{seed}",
            memory,
            seed,
            (mean + 0.01 * rng.normal(size=50)).tolist(),
        )
        for memory, pair in means.items()
        for seed, mean in enumerate(pair)
    ]


def test_memory_is_compared_with_none_in_its_own_view(runs, tmp_path, capsys):
    path, picture = tmp_path / "learning.json", tmp_path / "curves.png"
    options = ["--json", str(path), "--plot", str(picture)]
    record = learning.main([*map(str, runs), *options])
    (found,) = record["differences"]
    assert found["memory"] == "gru"
    assert found["difference"] == pytest.approx(0.45, abs=0.01)
    # The extremes are gru's worse seed against none's better one, and the reverse.
    assert found["interval"] == pytest.approx((0.3, 0.6), abs=0.02)
    assert json.loads(path.read_text())["rows"] == json.loads(
        json.dumps(record["rows"])
    )
    assert record["rows"][0]["runs"][1]["curve"] == [(20, 0.5)]
    assert picture.stat().st_size > 1000
    assert "gru - none = +0.4" in capsys.readouterr().out


def test_levels_of_own_games_go_without_their_module(tmp_path, capsys):
    runs = [
        write_run(tmp_path / memory, memory, 0, [0.5], env_id="games/lamp.py:LampEasy")
        for memory in ("gru", "none")
    ]
    learning.main([*map(str, runs)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("LampEasy            partial  ppo  gru")
    assert lines[-1].startswith("LampEasy partial ppo: gru - none")


def test_unfinished_runs_are_refused(runs):
    (runs[0] / "done.json").unlink()
    with pytest.raises(SystemExit, match="gru0 is no finished run"):
        learning.main([str(runs[0])])


def test_runs_with_different_settings_are_no_row(runs, tmp_path):
    other = write_run(tmp_path / "gru9", "gru", 9, [0.1], total_steps=99)
    with pytest.raises(SystemExit, match="ppo gru have different settings"):
        learning.main([str(runs[0]), str(other)])
