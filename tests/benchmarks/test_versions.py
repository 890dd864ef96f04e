"""Two checkouts in turn, and gray frames beside colors."""

import json
from pathlib import Path

import gray
import pytest
import versions

ROOT = Path(__file__).parents[2]
TINY = ["--num-envs", "4", "--steps", "2", "--repeats", "3"]


def row(ratios, same):
    return versions.Row(
        "BreakoutEasy", "full", 1.0, 1.0, 1.0, *versions.middle(ratios), *same
    )


@pytest.mark.long
@pytest.mark.parametrize("work", [[], ["--channels", "1", "--work", "draw"]])
def test_a_version_is_as_fast_as_itself(tmp_path, work):
    path = tmp_path / "result.json"
    arguments = [str(ROOT), "BreakoutEasy", "--obs-size", "64", *TINY, *work]
    rows = versions.main([*arguments, "--json", str(path)])
    assert [row.view for row in rows] == ["full", "partial"]
    assert all(0.2 < row.ratio < 5 for row in rows)
    record = json.loads(path.read_text())
    assert record["rows"][0]["before"] == rows[0].before
    assert record["settings"]["before"] == versions.commit(ROOT)


def test_only_a_row_outside_the_spread_is_slower():
    assert versions.is_slower(row([0.8, 0.82, 0.84, 0.86], (1.0, 0.95, 1.05)))
    assert not versions.is_slower(row([0.8, 0.9, 0.96, 1.0], (1.0, 0.95, 1.05)))
    assert not versions.is_slower(row([1.1, 1.2, 1.3, 1.4], (1.6, 1.5, 1.7)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no/such/folder"], "no/such/folder is no checkout"),
        ([str(ROOT), "Breakfast"], "Breakfast"),
    ],
)
def test_wrong_arguments_of_versions_are_refused(arguments, message, capsys):
    with pytest.raises(SystemExit):
        versions.main(arguments)
    assert message in capsys.readouterr().err


def test_versions_without_gray_frames_are_not_asked_for_channels():
    assert "--channels" not in versions.flags(versions.parse([str(ROOT)]))
    gray_flags = versions.flags(versions.parse([str(ROOT), "--channels", "1"]))
    assert gray_flags[-2:] == ["--channels", "1"]


@pytest.mark.slow
def test_gray_is_measured_beside_color(tmp_path, capsys):
    path = tmp_path / "result.json"
    (row,) = gray.main(["Breakout", "--sizes", "64", *TINY, "--json", str(path)])
    assert row.ratio == row.gray.median / row.color.median
    (record,) = json.loads(path.read_text())["rows"]
    assert record["ratio"] == row.ratio
    assert "64 px: median ratio" in capsys.readouterr().out
