"""The spec in Gymnasium is JSON, whatever the options were given as (issue 19)."""

import json
import pickle
from functools import partial

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode

import arcade_gym  # noqa: F401  # registers the ids

ID = "popgym_arcade/BreakoutEasy-v0"
REGISTERED = {"game": "BreakoutEasy"}
# As other code may have them, and as JSON can write them.
OPTIONS = {
    "obs_size": (np.int64(64), 64),
    "paddle_width": (np.uint8(3), 3),
    "seed": (np.int32(7), 7),
    "max_steps": (jnp.int32(9), 9),
    "device": (torch.device("cpu", 0), "cpu:0"),
    "autoreset_mode": (AutoresetMode.SAME_STEP, "SameStep"),
    "grayscale": (np.bool_(True), True),
}
VECTOR = partial(gymnasium.make_vec, num_envs=2)


@pytest.mark.parametrize("make", [gymnasium.make, VECTOR], ids=["make", "make_vec"])
@pytest.mark.usefixtures("unchecked_annotations")
def test_a_spec_makes_the_same_environment_again_from_json(make):
    envs = make(ID, **{name: given for name, (given, _) in OPTIONS.items()})
    written = envs.spec.to_json()
    kwargs = json.loads(written)["kwargs"]
    assert {name: kwargs[name] for name in OPTIONS} == {
        name: plain for name, (_, plain) in OPTIONS.items()
    }
    again = make(EnvSpec.from_json(written))
    assert again.unwrapped._kernel is envs.unwrapped._kernel
    copied = pickle.loads(pickle.dumps(envs.unwrapped))
    assert copied.spec == envs.unwrapped.spec is not None


def test_devices_are_kept_by_name_and_a_spec_of_the_registry_as_it_is():
    envs = VECTOR(ID, obs_size=64, devices=(torch.device("cpu"),))
    assert json.loads(envs.spec.to_json())["kwargs"]["devices"] == ["cpu"]
    envs.spec = gymnasium.spec(ID)
    envs.spec.kwargs["obs_size"] = 64
    assert gymnasium.spec(ID).kwargs == REGISTERED
    envs.spec = None
    assert envs.spec is None
