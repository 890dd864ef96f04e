"""Configurations: checked where they are made, the same in JSON, nothing left open."""

import json
import math
from dataclasses import replace

import pytest

from arcade_gym.baselines.config import RunConfig
from arcade_gym.baselines.learners.dqn import DQN
from arcade_gym.baselines.learners.ppo import PPO
from arcade_gym.baselines.learners.pqn import PQN


def test_defaults_are_those_of_the_constructors():
    config = RunConfig(env_id="CartPoleEasy")
    assert (config.memory, config.obs_size) == ("lru", 128)
    assert (config.width, config.layers, config.encoder) == (128, 1, "patch")
    assert config.settings == PPO()


@pytest.mark.parametrize(
    ("env_id", "gamma", "reward_scale"),
    [
        ("CartPoleEasy", 0.99, 10.0),
        ("CartPoleMedium", 0.99, 20.0),
        ("CartPoleHard", 0.995, 30.0),
        ("NoisyCartPoleHard", 0.99, 10.0),
        ("SkittlesEasy", 0.99, 10.0),
        ("AutoEncodeMedium", 0.995, 10.0),
    ],
)
def test_discount_and_scale_follow_the_level(env_id, gamma, reward_scale):
    settings = RunConfig(env_id=env_id).resolved().settings
    assert (settings.gamma, settings.reward_scale) == (gamma, reward_scale)


def test_what_is_given_is_kept():
    settings = PPO(gamma=0.5, reward_scale=2.0)
    config = RunConfig(env_id="CartPoleHard", settings=settings, out="here").resolved()
    assert config.settings == settings
    assert str(config.folder) == "here"


def test_folders_say_what_runs():
    config = RunConfig(
        algorithm="pqn", env_id="CueEasy", partial_obs=True, memory="GRU", seed=3
    )
    assert str(config.folder) == "runs/CueEasy-partial-pqn-gru-s3"
    own = replace(config, env_id="games/cue.py:CueEasy", partial_obs=False)
    assert str(own.folder) == "runs/CueEasy-full-pqn-gru-s3"


@pytest.mark.parametrize("steps", [1, 64, 65, 1000, 40_960, 100_000])
@pytest.mark.parametrize("chunk_steps", [1, 64, 8192])
def test_a_run_is_whole_chunks_and_little_longer_than_asked_for(steps, chunk_steps):
    settings = PPO(num_envs=8, num_steps=8, sequence_length=8)
    config = RunConfig(
        env_id="CartPoleEasy",
        total_steps=steps,
        chunk_steps=chunk_steps,
        settings=settings,
    )
    chunks = config.total_rows / config.rows_per_chunk
    assert chunks == int(chunks)
    assert steps <= config.total_rows < steps + 64 + chunks * 64
    assert config.rows_per_chunk <= max(64, 2 * chunk_steps)


def test_steps_may_be_written_with_an_exponent():
    config = RunConfig(env_id="CartPoleEasy", total_steps=1e5, eval_every=2e3)
    assert (config.total_steps, config.eval_every) == (100_000, 2_000)
    assert isinstance(config.total_steps, int)


@pytest.mark.parametrize("settings", [None, PPO(learning_rate=3e-4), PQN(), DQN()])
def test_json_gives_the_same_configuration(settings):
    config = RunConfig(
        algorithm=settings.name if settings else "ppo",
        env_id="CartPoleEasy",
        total_steps=1e5,
        out="a/b",
        target_return=0.9,
        settings=settings,
    )
    for wanted in (config, config.resolved()):
        content = json.loads(json.dumps(wanted.to_json()))
        assert RunConfig.from_json(content) == wanted


def test_the_fingerprint_is_of_results_alone():
    config = RunConfig(env_id="CartPoleEasy").resolved()
    for change in (
        {"out": "x"},
        {"overwrite": True},
        {"devices": 2},
        {"tensorboard": True},
        {"checkpoint_minutes": 1.0},
    ):
        changed = replace(config, **change)
        assert changed.fingerprint == config.fingerprint
        assert not changed.differences(config)
    for change in ({"seed": 1}, {"settings": replace(config.settings, epochs=3)}):
        changed = replace(config, **change)
        assert changed.fingerprint != config.fingerprint
        assert len(changed.differences(config)) == 1
    assert changed.differences(config) == ["epochs: 3 and 4"]


BAD = [
    ({"algorithm": "pqm"}, "Unknown algorithm 'pqm'. Did you mean 'pqn'"),
    ({"memory": "grü"}, "Unknown memory 'grü'. Did you mean 'gru'"),
    ({"encoder": "pach"}, "Unknown encoder 'pach'. Did you mean 'patch'"),
    ({"obs_size": 32}, "obs_size must be an integer from 64 to 512, got 32"),
    ({"width": 0}, "width must be at least 1, got 0"),
    ({"layers": 0}, "layers must be at least 1, got 0"),
    ({"total_steps": 0}, "total_steps must be at least 1, got 0"),
    ({"total_steps": 1.5}, "total_steps must be a whole number, such as 1e5, got 1.5"),
    ({"total_steps": math.nan}, "total_steps must be a whole number"),
    ({"total_steps": math.inf}, "total_steps must be a whole number"),
    ({"seed": -1}, "seed must be at least 0, got -1"),
    ({"devices": 0}, "devices must be at least 1, got 0"),
    ({"eval_every": 0}, "eval_every must be at least 1, got 0"),
    ({"eval_episodes": 0}, "eval_episodes must be at least 1, got 0"),
    ({"test_episodes": 0}, "test_episodes must be at least 1, got 0"),
    ({"chunk_steps": 0}, "chunk_steps must be at least 1, got 0"),
    ({"checkpoint_minutes": 0.0}, "checkpoint_minutes must be positive, got 0.0"),
    ({"settings": PPO(num_envs=0)}, "num_envs must be at least 1, got 0"),
    ({"settings": PPO(num_minibatches=0)}, "num_minibatches must be at least 1"),
    ({"settings": PQN()}, r"settings must be PPO(...) for algorithm='ppo', got PQN("),
]
MISFITS = [
    ({"env_id": "CartPoleEsy"}, "Did you mean 'CartPoleEasy'"),
    ({"settings": PPO(num_envs=6)}, "num_envs must be a multiple of num_minibatches"),
    ({"settings": PPO(sequence_length=7)}, "sequence_length must divide num_steps"),
    (
        {"algorithm": "dqn", "settings": DQN(burn_in=24)},
        "burn_in must be shorter than sequence_length",
    ),
    ({"seed": 2**31}, "seed must be from 0 to"),
    ({"total_steps": 2**31}, "total_steps must be at most 2,147,483,647"),
    ({"env_id": "no.such.module:LampEasy"}, "Cannot import 'no.such.module'"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda part: str(part)[:40])
def test_bad_values_are_refused_where_they_are_given(change, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the text is compared
        RunConfig(**{"env_id": "CartPoleEasy"} | change)
    assert message in str(caught.value)


@pytest.mark.parametrize(("change", "message"), MISFITS)
def test_what_does_not_fit_is_refused_before_anything_compiles(change, message):
    config = RunConfig(**{"env_id": "CartPoleEasy"} | change)
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the text is compared
        config.resolved()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"obs_size": "64"}, "obs_size must be int, got '64'"),
        ({"obs_size": True}, "obs_size must be int, got True"),
        ({"partial_obs": 1}, "partial_obs must be bool, got 1"),
        (
            {"target_return": "high"},
            "target_return must be int or float or None, got 'high'",
        ),
        ({"memory": None}, "memory must be str, got None"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_wrong_types_are_refused(change, message):
    with pytest.raises(TypeError) as caught:
        RunConfig(**{"env_id": "CartPoleEasy"} | change)
    assert message in str(caught.value)


@pytest.mark.usefixtures("unchecked_annotations")
def test_wrong_types_of_settings_are_refused():
    settings = PPO(learning_rate="x")
    with pytest.raises(TypeError, match="learning_rate must be float, got 'x'"):
        RunConfig(env_id="CartPoleEasy", settings=settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memroy": "gru"}, "field of the configuration 'memroy'. Did you mean 'mem"),
        ({"algorithm": "a3c"}, "Unknown algorithm 'a3c'"),
        ({"settings": {"epoch": 1}}, "settings of ppo 'epoch'. Did you mean 'epochs'"),
        ({"settings": [1]}, "settings of ppo must be an object of JSON, got [1]"),
        ({"width": 1.5}, "width must be int, got 1.5"),
        ({"width": -1}, "width must be at least 1, got -1"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_foreign_json_is_refused(change, message):
    content = RunConfig(env_id="CartPoleEasy").to_json() | change
    with pytest.raises((TypeError, ValueError)) as caught:
        RunConfig.from_json(content)
    assert message in str(caught.value)
