"""The comparison with other packages survives whatever a peer does."""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import peer_loops
import peer_process
import peers
import pytest

FAKE = """#!{python}
import json, subprocess, sys, time
what = sys.argv[2]  # the id or the name of the case, after the script
def say(way, *rates):
    print("chatter of a package")
    print(json.dumps(dict(way=way, rates=rates, lanes=2, bytes=49152, compile=0.5,
                          versions=dict(jax="1"))), flush=True)
{body}
"""
GOOD = "say('step', 1, 4, 2)\nsay('scan', 8, 8, 8)"
HANG = """wait = 'import time; time.sleep(99)'
child = subprocess.Popen([sys.executable, '-c', wait])
open({path!r}, 'w').write(str(child.pid))
time.sleep(99)"""
SMALL = ["--lanes", "2", "--our-lanes", "4", "--steps", "1", "--repeats", "2"]


@pytest.fixture
def stub(monkeypatch):
    """Ours at fixed rates, the second half slower: only the peers are looked at."""

    def prepare(env_id, lanes, options):
        del env_id, options
        halves = iter([40.0 * lanes, 10.0 * lanes])
        return lambda: {"median": next(halves), "lanes": lanes, "bytes": 49152}

    monkeypatch.setattr(peers, "prepare_ours", prepare)


@pytest.mark.slow
def test_the_better_way_of_the_peer_and_our_slower_half_count(
    interpreter, tmp_path, capsys
):
    path, picture = tmp_path / "result.json", tmp_path / "picture.png"
    outputs = ["--json", str(path), "--plot", str(picture)]
    peers.main(["BreakoutEasy", "--peer-python", interpreter(GOOD), *SMALL, *outputs])
    record = json.loads(path.read_text())
    (row,) = record["rows"]
    assert row["peer"]["ways"]["step"]["median"] == 2
    assert row["peer"]["best"] == "scan"
    assert row["peer"]["ways"]["scan"]["versions"] == {"jax": "1"}
    assert row["ratio"] == row["ours"]["median"] / 8
    assert row["ratio_same_lanes"] == row["ours_same_lanes"]["median"] / 8
    assert 0 < row["ours"]["median"] <= row["ours"]["other_half"]
    assert (row["lanes"], row["ours"]["lanes"]) == (2, 4)
    assert {"date", "command", "device", "versions", "settings"} <= set(record)
    assert "others" not in record
    assert 1000 < picture.stat().st_size < 100_000
    out = capsys.readouterr().out
    assert "peer scan, 2" in out
    assert "ours, 4" in out


def test_failing_peers_are_named_and_the_run_goes_on(stub, interpreter, capsys):
    body = f"""if what == 'TetrisEasy': raise RuntimeError('no such luck')
{GOOD}"""
    options = ["--peer-python", interpreter(body), *SMALL]
    tetris, breakout = peers.main(["TetrisEasy", "BreakoutEasy", *options])["rows"]
    assert tetris["peer"]["error"] == "failed: RuntimeError: no such luck"
    assert tetris["ratio"] is None
    assert breakout["ratio"] == 10 * 4 / 8
    assert "failed: RuntimeError: no such luck" in capsys.readouterr().out


@pytest.mark.slow
def test_a_peer_without_an_end_is_not_available_and_loses_its_children(
    stub, interpreter, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(peer_process, "TIME_LIMIT", 1)
    number, picture = tmp_path / "child", tmp_path / "picture.png"
    options = ["--peer-python", interpreter(HANG.format(path=str(number))), *SMALL]
    (row,) = peers.main(["TetrisEasy", *options, "--plot", str(picture)])["rows"]
    assert row["peer"]["error"] == "n/a: not finished after 1 s"
    assert row["peer"]["best"] is row["ratio"] is None
    assert "n/a" in capsys.readouterr().out
    assert picture.exists()
    assert _has_ended(int(number.read_text()))


def _has_ended(pid):
    """Whether a killed process is gone, or waits only to be reaped by its parent."""
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.slow
def test_what_was_measured_before_the_limit_counts(interpreter, monkeypatch):
    monkeypatch.setattr(peer_process, "TIME_LIMIT", 1)
    peer = peer_process.measure(
        interpreter("say('step', 3)\ntime.sleep(99)"), "peer_popgym_arcade.py", "any"
    )
    assert peer["best"] == "step"
    assert peer["error"].startswith("n/a")


def test_silent_peers_have_failed(interpreter):
    peer = peer_process.measure(interpreter("pass"), "peer_popgym_arcade.py", "any")
    assert peer["error"] == "failed: it printed no measurement"


def test_other_packages_have_a_row_each_beside_ours(stub, interpreter, capsys):
    body = f"if what.startswith('Navix'): sys.exit('No module')\n{GOOD}"
    rows = peers.main(["--others-python", interpreter(body), *SMALL])["others"]
    names = [case.name for case in peers.CASES]
    assert [row["name"] for row in rows] == [*names, "ours, BreakoutEasy"]
    assert rows[0]["error"] == "failed: No module"
    assert rows[1]["ways"]["scan"]["median"] == 8
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split()[2:5] == ["4", "40", "49,152"]
    assert any("symbolic, 10x10x4 floats" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --peer-python, --others-python or both"),
        (["--peer-python", "no/python"], "--peer-python: there is no interpreter"),
        (["--others-python", sys.executable, "--plot", "x.png"], "give --peer-python"),
        (["TetrisEasi", "--peer-python", "x"], "Did you mean 'TetrisEasy'"),
    ],
)
def test_missing_interpreters_and_wrong_ids_are_refused(options, message, capsys):
    with pytest.raises(SystemExit):
        peers.main(options)
    assert message in capsys.readouterr().err


def test_every_game_is_compared_by_default():
    options = peers.parse(["--peer-python", sys.executable])
    assert len(options.ids) == 10
    assert all(env_id.endswith("Easy") for env_id in options.ids)


def test_loops_time_both_ways_of_a_functional_environment(capsys):
    def reset(key):
        del key
        return jnp.zeros((4, 4, 3), jnp.uint8), jnp.int32(0)

    def step(key, state, action):
        del key
        return jnp.full((4, 4, 3), action, jnp.uint8), state + 1

    size = peer_loops.Size(lanes=2, steps=3, repeats=2)
    peer_loops.measure_jax(reset, step, 5, size, [])
    step_way, scan_way = map(json.loads, capsys.readouterr().out.splitlines())
    for way, name in ((step_way, "step"), (scan_way, "scan")):
        assert way["way"] == name
        assert len(way["rates"]) == 2
        assert (way["lanes"], way["bytes"], way["shape"]) == (2, 48, [4, 4, 3])
        assert way["versions"]["jax"] == jax.__version__


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_loops_read_every_byte(dtype):
    frames = np.random.default_rng(0).integers(0, 256, (2, 10, 10, 4)).astype(dtype)
    want = np.asarray(peer_loops.read(frames))
    for place in np.random.default_rng(1).integers(0, frames.nbytes, 30):
        changed = frames.copy()
        changed.view(np.uint8).reshape(-1)[place] ^= 1
        assert (np.asarray(peer_loops.read(changed)) != want).sum() == 1


def test_loops_time_vector_environments_of_numpy(capsys):
    class Vector:
        def reset(self):
            return np.zeros((2, 8, 8), np.uint8), {}

        def step(self, actions):
            assert actions.shape == (2,)
            return np.ones((2, 8, 8), np.uint8), 0, 0, 0, {}

    peer_loops.measure_vector(Vector(), peer_loops.Size(2, 3, 2), [])
    way = json.loads(capsys.readouterr().out)
    assert (way["bytes"], way["shape"], way["dtype"]) == (64, [8, 8], "uint8")
