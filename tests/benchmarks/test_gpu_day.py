"""The command for a day with a GPU, tried with small numbers on a CPU."""

import json

import gpu_day
import jax
import pytest

SMALL = [
    *("--trial", "--num-envs", "2", "--obs-size", "64", "--steps", "1"),
    *("--repeats", "1", "--games", "Breakout", "Navigator"),
]


def names(arguments):
    return [stage.name for stage in gpu_day.stages(gpu_day.parse(arguments))]


@pytest.mark.long
def test_a_trial_measures_and_records_everything(tmp_path):
    record = gpu_day.main([*SMALL, "--folder", str(tmp_path)])
    assert [stage["outcome"] for stage in record["stages"]] == ["done"] * 6
    assert {(row["game"], row["view"]) for row in record["bounds"]} == {
        *(("Breakout", "full"), ("Breakout", "partial"), ("BreakoutHard", "partial")),
        *(("Navigator", "full"), ("Navigator", "partial")),
        ("NavigatorHard", "partial"),
    }
    written = json.loads((tmp_path / "gpu_day.json").read_text())
    assert written["stages"] == record["stages"]
    assert "device" in written


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="a GPU is visible")
def test_without_a_gpu_it_says_how_to_try_it(capsys):
    with pytest.raises(SystemExit):
        gpu_day.parse([])
    assert "--trial" in capsys.readouterr().err


def test_what_is_in_doubt_is_measured_first():
    assert names(SMALL)[0] == "fps_first"
    assert "tests" not in names(SMALL)
    assert names([*SMALL, "--games", "Navigator"]) == ["fps", "adapter", "fps_hard"]


def test_a_stage_without_time_is_stopped_and_the_day_goes_on(tmp_path):
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    stage = gpu_day.Stage("slow", "?", [gpu_day.sys.executable, tmp_path / "slow.py"])
    done = gpu_day.run(stage, gpu_day.time.monotonic() + 0.2, tmp_path)
    assert done["outcome"] == "stopped: no time left"
    assert done["seconds"] < 30


@pytest.mark.parametrize(
    ("fill", "draw", "step", "bound"),
    [
        (100, 95, 90, "memory"),
        (100, 50, 45, "instructions of the drawing"),
        (100, 95, 40, "rules and launches around the drawing"),
    ],
)
def test_each_game_gets_a_remark_on_its_limit(fill, draw, step, bound):
    rates = {"fill": fill, "draw": draw, "step": step}
    row = {name: {"median": rate} for name, rate in rates.items()}
    found = gpu_day.remark({"game": "Breakout", "view": "full", **row})
    assert found["bound"] == bound
    assert bound in found["remark"]
