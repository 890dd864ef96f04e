"""Folders of runs that ended with given returns, without any training."""

import json

from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.returns import returns_of
from arcade_gym.study.grid import Grid

RANDOM = returns_of("CartPoleEasy").random.mean  # where 1 can be reached


def grid(out, **options):
    smoke = {"budget": "smoke", "levels": ("CartPoleEasy",), "out": out}
    return Grid(**smoke | options)


def write_run(config, full, partial, *, version=0, ended=True, training=None):
    """A run whose last network returns this much in each view, the best 0.1 more."""
    directory = RunDirectory(config.folder)
    directory.path.mkdir(parents=True)
    about = {
        "versions": {"game": version, "package": "0"},
        "network": {"parameters": 1000 * config.width, "carry_bytes": 256},
    }
    directory.begin(config, about)
    own = partial if config.partial_obs else full
    chunks = [
        {
            "steps": steps,
            "return_mean": own if training is None else training,
            "steps_per_second": speed,
        }
        for steps, speed in ((1024, 10.0), (2048, 200.0), (4096, 200.0))
    ]
    write_lines(directory.metrics, chunks)
    evaluations = [
        {"kind": "training", "steps": 2048, "mean": own / 2},
        {"kind": "training", "steps": 4096, "mean": own},
        {"kind": "test", "steps": 4096, "mean": own},
    ]
    write_lines(directory.evaluations, evaluations)
    if ended:
        results = [
            {"network": network, "policy": "greedy", "view": view, "mean": mean + more}
            for network, more in (("last", 0.0), ("best", 0.1))
            for view, mean in (("full", full), ("partial", partial))
        ]
        done = {"results": results, "seconds": 41.0, "steps": config.total_rows}
        directory.done.write_text(json.dumps(done))
    return directory


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def write_study(out, returns, **options):
    """Runs of all cells; `returns(config)` gives those in the full and partial view."""
    cells = grid(out, **options).cells()
    for config in cells:
        write_run(config, *returns(config))
    return cells
