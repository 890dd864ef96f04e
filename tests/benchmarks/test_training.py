"""The benchmark of learners: its tables, and whatever the published package does."""

import json

import jax
import pytest
import training
import training_peer
from training_ours import seconds_per_step

TINY = """
    --env-id SkittlesEasy --obs-size 64 --width 8 --lanes 8 --steps 4
    --memories none --repeats 1
""".split()  # noqa: SIM905  # to be read
FAKE = """#!{python}
import json, sys, time
def say(**record):
    print("chatter of a package")
    print(json.dumps(record), flush=True)
{body}
"""
COMPILED = "say(compile=2.5, steps=100, settings=dict(NUM_ENVS=16))\n"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    path = tmp_path_factory.mktemp("benchmark") / "result.json"
    with (
        pytest.MonkeyPatch.context() as patch,
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        patch.setattr(training, "ALGORITHMS", ("ppo",))
        training.main([*TINY, "--json", str(path)])
    return json.loads(path.read_text())


@pytest.mark.slow
def test_ours_are_split_into_parts_that_add_up(measured):
    (row,) = measured["ours"]
    assert (row["algorithm"], row["memory"]) == ("ppo", "none")
    whole = sum(row["seconds_per_step"].values())
    assert 1 / whole == pytest.approx(row["steps_per_second"]["median"])
    assert row["seconds_per_step"]["environment"] > 0
    assert row["compile_seconds"] > 0
    assert {"date", "command", "device", "versions", "settings"} <= set(measured)


def test_other_programs_stand_beside(measured):
    assert [row["name"] for row in measured["others"]] == [
        "examples/ppo_jax.py",
        "Stable-Baselines3 PPO",
    ]
    for row in measured["others"]:
        assert row["error"] is None
        assert row["steps_per_second"]["median"] > 0
    assert measured["published"] == {"error": "n/a: no --peer-python"}


def test_parts_are_what_each_adds_to_the_one_before():
    rates = {"environment": 1000.0, "play": 500.0, "iteration": 100.0}
    assert seconds_per_step(rates) == pytest.approx(
        {"environment": 0.001, "acting": 0.001, "learning": 0.008}
    )


def peer(python, seconds=20):
    return training_peer.measure(python, "CartPoleEasy", 128, 8, seconds)


def test_the_published_package_is_timed_without_its_compilation(interpreter):
    found = peer(interpreter(COMPILED + "say(seconds=4.0)"))
    assert found["steps_per_second"]["median"] == 25
    assert (found["error"], found["compile"]) == (None, 2.5)
    assert found["settings"] == {"NUM_ENVS": 16}


@pytest.mark.slow
def test_a_package_that_is_too_slow_gets_an_upper_bound(interpreter):
    found = peer(interpreter(COMPILED + "time.sleep(99)"), seconds=1)
    assert found["error"] is None
    assert 20 < found["less_than"] <= 100
    assert "steps_per_second" not in found


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise SystemExit('no module')", "n/a: no module"),
        ("raise SystemExit(3)", "n/a: exit status 3"),
        (COMPILED + "1 / 0", "n/a: ZeroDivisionError: division by zero"),
    ],
)
def test_a_package_that_does_not_start_is_named_with_its_reason(
    interpreter, body, error
):
    assert peer(interpreter(body))["error"] == error


def test_a_package_that_never_compiles_is_ended(interpreter, monkeypatch):
    monkeypatch.setattr(training_peer, "COMPILE_LIMIT", 0.5)
    assert (
        peer(interpreter("time.sleep(99)"))["error"] == "n/a: not compiled after 0.5 s"
    )


def test_ratios_say_whether_they_are_bounds(capsys):
    rate = {"median": 4.0, "least": 4.0, "largest": 4.0}
    training.print_other({"name": "a", "steps_per_second": rate}, 100.0)
    training.print_other({"name": "b", "less_than": 10.0}, 100.0)
    training.print_other({"name": "c", "error": "n/a: why"}, 100.0)
    lines = capsys.readouterr().out.splitlines()
    assert "25.0 x as fast is ours" in lines[0]
    assert "< 10.0" in lines[1]
    assert "10.0 x at least" in lines[1]
    assert lines[2].endswith("n/a: why")


def test_others_need_ours_to_be_compared_with(capsys):
    with pytest.raises(SystemExit):
        training.main(["--memories", "gru", "lru"])
    assert "--memories needs none" in capsys.readouterr().err


def test_a_missing_interpreter_is_refused(capsys):
    with pytest.raises(SystemExit):
        training.main([*TINY, "--peer-python", "/no/such/python"])
    assert "there is no interpreter at '/no/such/python'" in capsys.readouterr().err
