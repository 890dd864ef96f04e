"""Small learners on small games, compiled once for all tests of a process."""

import functools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
from jax.sharding import PartitionSpec

from arcade_gym.baselines import state
from arcade_gym.baselines.collective import AXIS
from arcade_gym.baselines.learners.ppo import PPO
from arcade_gym.baselines.learners.pqn import PQN
from arcade_gym.baselines.networks import ActorCriticRNN, QNetworkRNN
from jax_core import Environment
from jax_core.game import Visibility
from tests.arcade_gym.baselines import cue
from tests.compiling import process_flags

SMALL = {
    "num_envs": 8,
    "num_steps": 6,
    "sequence_length": 3,
    "num_minibatches": 4,
    "epochs": 2,
    "gamma": 0.9,
    "reward_scale": 1.0,
}
ALGORITHMS = {"ppo": PPO(**SMALL), "pqn": PQN(**SMALL)}
NETWORKS = {"ppo": ActorCriticRNN, "pqn": QNetworkRNN}

ROOT = Path(__file__).parents[3]


def printed_on_eight_devices(module):
    """What a module of these tests prints last, as JSON, where 8 devices are forced."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.arcade_gym.baselines.{module}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ
        | {"XLA_FLAGS": process_flags(devices=8), "JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def cue_env(view=Visibility.PARTIAL, **params):
    """Cue at 64 pixels, with two frames between cue and question."""
    level = replace(cue.Params(delay=2), **params)
    return Environment(
        name="CueEasy",
        game=cue.Cue(),
        default_params=level,
        visibility=view,
        obs_size=64,
    )


@functools.cache
def network(algorithm, memory, width=16):
    @eqx.filter_jit  # one program instead of one for every matrix
    def make(key):
        return NETWORKS[algorithm](key, memory, 64, width=width)

    return make(jax.random.key(5))


def started(algorithm, memory, seed=0):
    return state.start(
        ALGORITHMS[algorithm], cue_env(), network(algorithm, memory), seed=seed
    )


def chunk(algorithm, now, iterations=2):
    return state.run_chunk(
        ALGORITHMS[algorithm],
        cue_env(),
        now,
        iterations=iterations,
        total_rows=10_000,
    )


def on_one_device(function, *arguments):
    """Calls what adds up over the devices."""
    everywhere = PartitionSpec()
    return jax.shard_map(
        function,
        mesh=state.make_mesh(),
        in_specs=everywhere,
        out_specs=everywhere,
        axis_names={AXIS},
        check_vma=False,
    )(*arguments)


def numbers(metrics):
    return {name: np.asarray(values) for name, values in metrics.items()}
