"""The benchmark of gray frames and stacks says what it measured."""

import json

import options
import pytest


@pytest.mark.slow  # four forms are compiled
def test_forms_are_compared_in_one_run(tmp_path, capsys):
    path = tmp_path / "result.json"
    small = ["--num-envs", "2", "--steps", "2", "--repeats", "1", "--json", str(path)]
    (row,) = options.main(["Skittles", *small])
    assert list(row["rates"]) == list(options.FORMS)
    rates = [rate["median"] for rate in row["rates"].values()]
    assert row["ratios"] == [rates[1] / rates[0], rates[3] / rates[2]]
    assert json.loads(path.read_text())["rows"] == [row]
    out = capsys.readouterr().out
    assert "gray to color: at least 2 wanted; least " in out
