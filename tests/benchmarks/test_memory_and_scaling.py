"""The benchmarks of memory and growth say what they measured."""

import argparse
import json

import memory
import pytest
import scaling


@pytest.mark.slow
def test_memory_of_a_step_is_small_beside_its_frames(tmp_path, capsys):
    path = tmp_path / "result.json"
    rows = memory.main(
        ["BreakoutEasy", "--num-envs", "64", "--obs-size", "64", "--json", str(path)]
    )
    assert [row.view for row in rows] == ["full", "partial"]
    assert all(row.frame == 3 * 64**2 for row in rows)
    # Bricks, five numbers, time, score and a key: some hundred bytes.
    assert all(100 < row.state < 1000 for row in rows)
    assert all(0 <= row.share < 0.2 for row in rows)
    assert json.loads(path.read_text())["rows"][1]["share"] == rows[1].share
    assert "BreakoutEasy" in capsys.readouterr().out


def test_unknown_ids_are_refused_with_a_hint(capsys):
    with pytest.raises(SystemExit):
        memory.main(["BreakoutEasi"])
    assert "Did you mean 'BreakoutEasy'" in capsys.readouterr().err


@pytest.mark.slow
def test_growth_is_measured_at_every_point(tmp_path, capsys):
    path = tmp_path / "result.json"
    points = ["--lanes", "2", "4", "--pixels", "64", "96", "--base-lanes", "2"]
    sizes = ["--frames", "4", "--repeats", "1", "--json", str(path)]
    scaling.main(["CountRecall", *points, *sizes])
    rows = json.loads(path.read_text())["rows"]
    measured = [(row["num_envs"], row["obs_size"]) for row in rows]
    assert measured == [(2, 128), (4, 128), (2, 64), (2, 96)]
    assert all(row["step"]["median"] > 0 for row in rows)
    assert "at 4 lanes as at 2," in capsys.readouterr().out


def test_growth_compares_costs_at_most_and_at_fewest():
    speeds = {(512, 128): 400, (16384, 128): 200, (512, 64): 900, (512, 256): 60}
    rows = [
        {
            "game": "Tetris",
            "num_envs": lanes,
            "obs_size": pixels,
            "step": {"median": speed},
        }
        for (lanes, pixels), speed in speeds.items()
    ]
    options = argparse.Namespace(base_lanes=512, lanes=[64, 16384], pixels=[64, 256])
    assert scaling.growth(rows, options).split(maxsplit=1) == [
        "Tetris",
        "a frame costs 2.00 times as much at 16384 lanes as at 512, "
        "15.0 times at 256 px as at 64 px (16 times the pixels)",
    ]
