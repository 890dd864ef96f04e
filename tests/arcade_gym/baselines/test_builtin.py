"""Agents that come with the package: small, traceable, and as good as they say."""

import json
from pathlib import Path

import numpy as np
import pytest

from arcade_gym.baselines import (
    builtin_agents,
    cross_evaluate,
    evaluation_seeds,
    load_agent,
)
from arcade_gym.baselines.builtin import run_folder
from arcade_gym.baselines.runs.run_directory import RunDirectory

LEVELS = ("cartpole-hard", "noisycartpole-hard", "minesweeper-easy")
MEMORIES = ("none", "gru", "lru")
MOST_BYTES = 9_000_000


def judged(name):
    """Mean greedy returns by view, as they are written down."""
    lines = RunDirectory(run_folder(name)).evaluations.read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return {
        line["view"]: line
        for line in found
        if (line["kind"], line["policy"]) == ("test", "greedy")
    }


def test_every_level_has_an_agent_of_each_memory():
    wanted = {f"builtin:{level}-{memory}" for level in LEVELS for memory in MEMORIES}
    assert wanted <= set(builtin_agents())


def test_together_they_are_small():
    folder = run_folder(builtin_agents()[0]).parent
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert sum(sizes) <= MOST_BYTES


@pytest.mark.parametrize("name", builtin_agents())
def test_an_agent_tells_how_it_was_made(name):
    directory = RunDirectory(run_folder(name))
    config, about = directory.read()
    assert (config.partial_obs, config.obs_size) == (True, 64)
    assert name.endswith(f"-{config.memory}")
    command = about["command"]
    assert command.startswith(f"arcade-gym train {config.algorithm} {config.env_id} -p")
    assert f"--memory {config.memory}" in command
    assert f"--seed {config.seed}" in command
    assert command.endswith(f"--out runs/{name.removeprefix('builtin:')}")
    assert len(directory.metrics.read_text().splitlines()) >= 10
    for view in ("full", "partial"):
        line = judged(name)[view]
        assert len(line["returns"]) == 256
        assert line["mean"] == pytest.approx(np.mean(line["returns"]), abs=1e-3)
    for path in directory.path.iterdir():
        if path.suffix != ".eqx":
            assert '": "/' not in path.read_text()  # no place on another machine


def test_it_is_loaded_by_its_name_and_acts():
    agent = load_agent("builtin:cartpole-hard-gru")
    assert agent.config.env_id == "CartPoleHard"
    frame = np.zeros((64, 64, 3), np.uint8)
    _, action = agent.act(agent.initial_carry(), frame)
    assert action in range(5)


def test_a_name_that_does_not_exist_shows_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'builtin:cartpole-hard-gru'"):
        load_agent("builtin:cartpole-hrd-gru")


def test_the_last_network_is_not_there():
    with pytest.raises(FileNotFoundError, match="only best networks come with"):
        load_agent("builtin:cartpole-hard-gru", "last")


def test_other_names_are_folders(tmp_path):
    assert run_folder(tmp_path) == tmp_path
    assert run_folder("runs/a") == Path("runs/a")


@pytest.mark.long
@pytest.mark.parametrize("name", builtin_agents())
def test_it_returns_what_is_written_down(name):
    agent = load_agent(name)
    config = agent.config
    tables = cross_evaluate(
        agent.network, config.env_id, config.obs_size, seeds=evaluation_seeds(256)
    )
    for view, table in tables.items():
        assert table.mean == pytest.approx(judged(name)[str(view)]["mean"], abs=0.03)
