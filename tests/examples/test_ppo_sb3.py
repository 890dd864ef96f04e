"""The Stable-Baselines3 example: both paths train, and that they learn."""

import json

import pytest
from stable_baselines3 import PPO

from tests.examples.loading import load

ppo = load("ppo_sb3")
TINY = {
    "env_id": "SkittlesEasy",
    "num_envs": 4,
    "num_steps": 16,
    "batch_size": 32,
    "num_epochs": 1,
    "eval_every": 1,
    "eval_episodes": 4,
}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["stock", "device"])
def test_training_writes_a_record_and_a_model(path, tmp_path):
    config = ppo.Config(
        path=path,
        total_steps=128,
        json=tmp_path / "run.json",
        save=tmp_path / "model.zip",
        **TINY,
    )
    record = ppo.train(config)
    assert [point["env_steps"] for point in record["curve"]] == [64, 128]
    assert json.loads(config.json.read_text())["best"] == record["best"]
    evaluation = ppo.Evaluation(config)
    evaluation.model = PPO.load(config.save)
    assert evaluation.evaluate(ppo.EVAL_SEED) == record["best"]["greedy_return"]


@pytest.mark.parametrize("limit", [{"max_seconds": 0.0}, {"target_return": 0.0}])
def test_training_stops_when_told(limit):
    record = ppo.train(ppo.Config(total_steps=10_000, **limit, **TINY))
    assert len(record["curve"]) == 1
    assert record["curve"][0]["env_steps"] <= 64


@pytest.mark.long
@pytest.mark.parametrize("path", ["stock", "device"])
def test_it_learns_to_balance(path):
    record = ppo.train(ppo.Config(path=path, seed=3, target_return=0.5))
    assert record["best"]["greedy_return"] >= 0.5
    assert record["best_on_new_episodes"] >= 0.4
