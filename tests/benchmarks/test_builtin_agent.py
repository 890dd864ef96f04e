"""A run becomes an agent of the package: small, and judged anew."""

import json
import re

import builtin_agent
import pytest

from arcade_gym.baselines import load_agent
from arcade_gym.baselines.runs.run_directory import RunDirectory
from tests.arcade_gym.baselines.conftest import own_cue
from tests.arcade_gym.report import folders

__all__ = ["own_cue"]

TEXT = "arcade-gym train ppo CueEasy -p --seeds 5 --out /home/a/b c --memory gru"


@pytest.fixture
def run(tmp_path, own_cue, lenient_arrays):
    """A run that has ended."""
    path = folders.untrained(tmp_path / "run", "pqn", memory="none")
    folders.changed(path, command="arcade-gym train pqn CueEasy -p --out /home/a")
    (path / "done.json").write_text('{"best_steps": 128, "seconds": 9.0}')
    return path


def test_the_command_is_that_of_one_run_in_a_folder_of_the_reader():
    found = builtin_agent.command(TEXT, 3, "cue-gru")
    assert "--seed 3 " in found
    assert found.endswith("--out runs/cue-gru c --memory gru")
    assert "/home" not in found


def test_logs_are_shortened():
    line = {"kind": "train", "steps": 8, "loss": 0.5, "return_mean": None}
    kept = {"kind": "train", "steps": 8, "return_mean": None}
    assert builtin_agent.shortened(line) == kept
    test = {"kind": "test", "returns": [1 / 3, 1.0], "lengths": [4, 5]}
    assert builtin_agent.rounded(test) == {"kind": "test", "returns": [0.3333, 1.0]}


@pytest.mark.slow  # both views are compiled
def test_a_run_is_packed_and_judged_anew(run, tmp_path):
    builtin_agent.main([str(run), "cue-none", "--out", str(tmp_path / "agents")])
    folder = tmp_path / "agents" / "cue-none"
    names = {"best.eqx", "config.json", "eval.jsonl", "metrics.jsonl"}
    assert {path.name for path in folder.iterdir()} == names
    assert (folder / "best.eqx").read_bytes() == (run / "best.eqx").read_bytes()
    assert load_agent(folder).config.env_id.endswith("cue:CueEasy")
    config, about = RunDirectory(folder).read()
    assert config.out is None
    assert about["command"].endswith("--out runs/cue-none")
    assert not re.search(r'"/|/home', (folder / "config.json").read_text())
    log = (folder / "eval.jsonl").read_text()
    lines = [json.loads(one) for one in log.splitlines()]
    training = [line["steps"] for line in lines if line["kind"] == "training"]
    assert training == list(folders.STEPS)
    tests = [line for line in lines if line["kind"] == "test"]
    assert [one["view"] for one in tests] == ["full", "partial"]
    assert {(one["network"], one["steps"]) for one in tests} == {("best", 128)}
    assert {len(one["returns"]) for one in tests} == {6}  # as many as the run says
