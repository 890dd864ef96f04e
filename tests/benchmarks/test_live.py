"""The benchmark of the live view measures the player with and without it."""

import json

import live
import pytest

AGENT = "builtin:minesweeper-easy-none"


@pytest.mark.slow  # an agent, its heat and exchanges are compiled
def test_rates_are_measured_and_recorded(tmp_path, monkeypatch, capsys, lenient_arrays):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    path = tmp_path / "live.json"
    frames = 40  # of more than one episode
    record = live.main([AGENT, "--frames", str(frames), "--json", str(path)])
    (row,) = record["agents"]
    assert (row["agent"], row["obs_size"]) == (AGENT, 64)
    assert 0 < row["slowest"] <= row["frames_per_second"]
    assert row["frames_per_second_closed"] > row["frames_per_second"]
    saved = json.loads(path.read_text())
    assert saved["agents"] == [row]
    assert saved["settings"] == {"frames": frames}
    assert {"date", "command", "device", "versions"} <= set(saved)
    assert capsys.readouterr().out.splitlines()[1].startswith(AGENT)
