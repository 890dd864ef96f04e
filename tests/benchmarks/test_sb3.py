"""The benchmark of Stable-Baselines3 measures both paths and records them."""

import json

import pytest
import sb3

TINY = ["--lanes", "4", "--steps", "8", "--batch-size", "32", "--repeats", "1"]


@pytest.mark.slow
def test_both_paths_are_measured_and_recorded(tmp_path, capsys):
    path = tmp_path / "result.json"
    rows = sb3.main([*TINY, "--json", str(path)])
    assert [(row.path, row.lanes) for row in rows] == [("stock", 4), ("device", 4)]
    record = json.loads(path.read_text())
    for row, saved in zip(rows, record["rows"], strict=True):
        for kind in sb3.KINDS:
            rate = getattr(row, kind)
            assert 0 < rate.least == rate.largest == saved[kind]["median"]
    assert record["settings"]["steps"] == 8
    assert {"date", "command", "device", "versions"} <= set(record)
    assert capsys.readouterr().out.count("device") == 1


def test_learning_is_left_out_above_a_number_of_lanes():
    (stock, device) = sb3.main([*TINY, "--learn-up-to", "3"])
    assert stock.learn is device.learn is None
    assert "learn" not in sb3.as_json(device)
