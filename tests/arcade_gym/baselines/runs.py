"""Tiny runs on Cue for the tests of training, and what they leave behind."""

import json
import os
import signal

from arcade_gym.baselines.config import ALGORITHMS, RunConfig

SMALL = {"num_envs": 4, "num_steps": 8, "sequence_length": 4, "num_minibatches": 2}
REPLAYED = {
    "num_envs": 4,
    "num_steps": 8,
    "sequence_length": 4,
    "burn_in": 2,
    "stride": 4,
    "replay_rows": 64,
    "learning_starts": 32,
    "updates_per_collect": 2,
    "batch_rows": 8,
    "target_period": 64,
}
SETTINGS = {
    "ppo": SMALL | {"epochs": 1},
    "pqn": SMALL | {"epochs": 1},
    "dqn": REPLAYED,
}
CHUNK = 64  # steps: two updates
FLAGS = """
    --partial-obs --obs-size 64 --memory gru --width 16
    --num-envs 4 --num-steps 8 --sequence-length 4 --num-minibatches 2 --epochs 1
    --total-steps 128 --chunk-steps 64
    --eval-every 128 --eval-episodes 4 --test-episodes 4
""".split()  # noqa: SIM905  # to be read
"""The same sizes, and two chunks, on the command line."""

CLOCK = ("seconds", "steps_per_second")
"""What is not the same in two equal runs."""


class SignalAt:
    """A sink that sends this process a signal after some steps of training."""

    def __init__(self, steps, number=signal.SIGINT):
        self.steps, self.number = steps, number

    def write(self, steps, scalars):
        if steps == self.steps and "train/episodes" in scalars:
            os.kill(os.getpid(), self.number)

    def close(self):
        pass


def config(path, algorithm="ppo", **changes):
    """A run of six chunks with three evaluations."""
    options = {
        "env_id": "CueEasy",
        "partial_obs": True,
        "obs_size": 64,
        "memory": "gru",
        "width": 16,
        "total_steps": 6 * CHUNK,
        "chunk_steps": CHUNK,
        "eval_every": 2 * CHUNK,
        "eval_episodes": 4,
        "test_episodes": 6,
        "out": path,
        "settings": ALGORITHMS[algorithm](**SETTINGS[algorithm]),
    }
    return RunConfig(algorithm=algorithm, **options | changes)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def timeless(path):
    """Lines of a log without the clock."""
    return [
        {key: value for key, value in line.items() if key not in CLOCK}
        for line in lines(path)
    ]


def arrays(path):
    """The bytes of a checkpoint between its header and its check sum."""
    return path.read_bytes().partition(b"\n")[2][:-4]


def assert_same_run(found, wanted):
    """Every leaf and every line are equal, the clock left out."""
    for name in ("metrics.jsonl", "eval.jsonl"):
        assert timeless(found / name) == timeless(wanted / name)
    for name in ("model.eqx", "best.eqx"):
        assert (found / name).read_bytes() == (wanted / name).read_bytes()
    assert arrays(found / "checkpoint.eqx") == arrays(wanted / "checkpoint.eqx")


def with_own_game(path):
    """Writes a module that registers Cue, as a user would; gives its address."""
    path.write_text(
        "import jax_core\n"
        "from tests.arcade_gym.baselines.cue import SPEC\n"
        "jax_core.register(SPEC)\n"
    )
    return f"{path}:CueEasy"
