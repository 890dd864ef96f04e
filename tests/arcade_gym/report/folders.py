"""Folders of runs that nobody has trained, as training would leave them."""

import json

import jax
import numpy as np

from arcade_gym.baselines.evaluation import EVAL_SEED, TEST_SEED, EpisodeTable
from arcade_gym.baselines.levels import find, make_env
from arcade_gym.baselines.runs import judging, weights
from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.baselines.runs.versions import versions
from tests.arcade_gym.baselines import runs

STEPS = (64, 128, 192)
EPISODES = 4

DAMAGES = [
    ({"format": "other"}, "is not of a run of arcade-gym"),
    ({"versions__game": 7}, "CueEasy, and this is version 0: rules"),
    ({"width": 32}, "does not hold the weights of the network"),
]
"""What makes a run one that cannot be used, for `changed`, and what is said of it."""


def two(place):
    """A policy with memory and Q-values without, trained in different views."""
    return [
        untrained(place / "policy", "ppo", memory="gru"),
        untrained(place / "values", "pqn", memory="none", partial_obs=False),
    ]


def untrained(path, algorithm="ppo", **changes):
    """A run with fresh weights and made-up numbers; Cue must be registered."""
    config = runs.config(path, algorithm, **changes).resolved()
    network = weights.build(config, None, key=jax.random.key(config.seed))
    directory = RunDirectory(path)
    path.mkdir(parents=True)
    about = {
        "versions": versions(find(config.env_id)),
        "network": weights.describe(network, config),
        "command": f"arcade-gym train {algorithm} --out {path}",
        "date": "2026-01-02T03:04:05+00:00",
        "run_id": "00000000",
    }
    directory.begin(config, about)
    for file in (directory.best, directory.last):
        weights.save(file, network)
    _write(directory.metrics, [metrics(steps) for steps in STEPS])
    _write(directory.evaluations, list(evaluations(config)))
    return path


def env(config):
    """The game in the view of the training."""
    return make_env(
        config.env_id, partial_obs=config.partial_obs, obs_size=config.obs_size
    )


def metrics(steps):
    """A line of a log; nothing has ended in the first chunk."""
    mean = None if steps == STEPS[0] else steps / 400
    return {"kind": "train", "steps": steps, "seconds": 1.0, "return_mean": mean}


def evaluations(config):
    """Three evaluations during training, and judgements of both networks."""
    level = find(config.env_id)

    def line(found, steps):
        return judging.record(found, level, steps=steps, seconds=1.0)

    for number, steps in enumerate(STEPS):
        table = episodes(EVAL_SEED, number)
        found = judging.Judgement(judging.LAST, judging.GREEDY, config.view, table)
        yield line(found, steps)
    for view, policy in judging.ways(config):
        for network in (judging.LAST, judging.BEST):
            wins = EPISODES if view == config.view else 1
            wins -= network == judging.LAST
            table = episodes(TEST_SEED, wins)
            yield line(judging.Judgement(network, policy, view, table), STEPS[-1])


def episodes(first, wins):
    """Some episodes, of which some are won."""
    returns = np.zeros(EPISODES, np.float32)
    returns[:wins] = 1
    return EpisodeTable(
        seeds=np.arange(first, first + EPISODES),
        returns=returns,
        lengths=np.full(EPISODES, 6, np.int32),
        truncated=np.zeros(EPISODES, np.bool_),
    )


def changed(path, **changes):
    """Changes entries of config.json: `versions__game=7`."""
    file = path / "config.json"
    content = json.loads(file.read_text())
    for name, value in changes.items():
        *outer, last = name.split("__")
        entry = content
        for one in outer:
            entry = entry[one]
        entry[last] = value
    file.write_text(json.dumps(content))


def _write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
