"""The example of a memory and a game of one's own."""

import functools
import sys

import pytest

from arcade_gym.baselines import PPO, RunConfig, cross_evaluate, load_agent, train
from jax_core import registry
from tests.examples.loading import FOLDER, load

FEW = {
    "settings": PPO(
        num_envs=4, num_steps=8, sequence_length=8, num_minibatches=2, epochs=1
    ),
    "chunk_steps": 32,
    "eval_episodes": 4,
    "test_episodes": 4,
}


@pytest.fixture
def example(monkeypatch, lenient_arrays):
    monkeypatch.syspath_prepend(FOLDER)
    sys.modules.pop("lamp", None)
    yield load("train_with_memory")
    registry.unregister("Lamp")
    del sys.modules["lamp"]


@pytest.mark.slow
def test_it_trains_and_its_agent_can_be_loaded(example, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(example, "RunConfig", functools.partial(RunConfig, **FEW))
    example.main(str(tmp_path / "x"), total_steps=64, width=8)
    assert "after 64 steps" in capsys.readouterr().out
    memory = example.Averages(example.jnp.zeros(8))
    agent = load_agent(tmp_path / "x", memory=memory)
    assert agent.config.memory == "own:Averages"
    tables = cross_evaluate(agent, "lamp:LampEasy", 64, seeds=range(4))
    assert {int(table.lengths.max()) for table in tables.values()} == {6}
    assert train(agent.config, memory=memory, resume=True).steps == 64


@pytest.mark.long
def test_it_learns_to_remember(example, tmp_path, capsys):
    """Without a memory the best return is a half."""
    example.main(str(tmp_path / "x"))
    mean = float(capsys.readouterr().out.split()[2])
    assert mean >= 0.95
