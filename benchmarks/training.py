"""How fast learners learn: steps/s of ours by memory, beside three other programs.

    python benchmarks/training.py --json benchmarks/results/training_cpu.json

A step is one frame shown to the learner. Ours are split into environment (steps,
frames, keeping them), acting (the network of the lanes) and learning. Beside them, on
the same level: the whole-program PPO of examples/ppo_jax.py, and stock
Stable-Baselines3 with our encoder. With an interpreter of the published package, also
its own PQN beside ours at its settings (128 px, 16 lanes, its encoder):

    python -m venv .venv-training
    .venv-training/bin/pip install 'popgym-arcade[baselines]==0.0.7' six
    python benchmarks/training.py --peer-python .venv-training/bin/python

It plays 2048 steps between two updates and may need minutes for them. So both play and
learn an eighth of that (`--peer-share`), in minibatches of the same size; after
`--peer-seconds` its rate is given as "less than".
"""

import argparse
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import training_others
import training_peer
from timing import Rate, measure_in_turn, write_json
from training_ours import PARTS, prepare, seconds_per_step

from arcade_gym.baselines import PQN, RunConfig, preset

ALGORITHMS = ("ppo", "pqn")
MEMORIES = ("none", "gru", "lru")


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Prints the tables and writes the record."""
    options = parse(arguments)
    print(f"{options.env_id}, {options.obs_size} px, {options.lanes} lanes; steps/s")
    ours = compare_ours(options)
    settings = {k: v for k, v in vars(options).items() if k not in ("json",)}
    record: dict[str, Any] = {"settings": settings, "ours": ours}
    record["others"] = compare_others(options, ours)
    record["published"] = compare_published(options)
    if options.json:
        write_json(options.json, record)
    return record


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--env-id", default="CartPoleEasy")
    parser.add_argument("--obs-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--lanes", type=int, default=64)
    parser.add_argument("--steps", type=int, default=64, help="of a lane, per update")
    parser.add_argument("--memories", nargs="+", default=list(MEMORIES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-python", help="interpreter of the published package")
    parser.add_argument("--peer-obs-size", type=int, default=128)
    parser.add_argument("--peer-share", type=int, choices=(1, 2, 4, 8), default=8)
    parser.add_argument("--peer-seconds", type=int, default=150)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args(arguments)
    if "none" not in options.memories:
        parser.error("--memories needs none, which other programs are compared with")
    if options.peer_python and not shutil.which(options.peer_python):
        parser.error(
            f"--peer-python: there is no interpreter at {options.peer_python!r}"
        )
    return options


def configure(algorithm: str, memory: str, options: argparse.Namespace) -> RunConfig:
    """Our learner at the sizes of `--budget tiny`, or those of the options."""
    config = preset("tiny", algorithm, options.env_id)
    settings = replace(
        config.hyper_parameters,
        num_envs=options.lanes,
        num_steps=options.steps,
        sequence_length=options.steps,
    )
    return replace(
        config,
        memory=memory,
        obs_size=options.obs_size,
        width=options.width,
        settings=settings,
    )


def compare_ours(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Prints one line for each algorithm and memory, with the shares of the time."""
    names = ("environment", "acting", "learning")
    heads = "".join(f"{name:>13}" for name in names)
    print(f"{'':<22}{'steps/s':>9}{heads}{'compile, s':>12}")
    rows = []
    for algorithm in ALGORITHMS:
        for memory in options.memories:
            row = measure_ours(configure(algorithm, memory, options), options.repeats)
            rows.append(row)
            seconds = row["seconds_per_step"]
            whole = sum(seconds.values())
            shares = "".join(f"{seconds[name] / whole:>13.0%}" for name in names)
            print(
                f"{'ours, ' + algorithm + ' ' + memory:<22}"
                f"{row['steps_per_second']['median']:>9,.0f}{shares}"
                f"{row['compile_seconds']:>12.1f}",
                flush=True,
            )
    return rows


def measure_ours(config: RunConfig, repeats: int) -> dict[str, Any]:
    """One of our learners: rates, seconds of each part of a step, compilation."""
    ready = prepare(config)
    rates = measure_in_turn([ready.works[part] for part in PARTS], ready.rows, repeats)
    by_part = dict(zip(PARTS, rates, strict=True))
    return {
        "algorithm": config.algorithm,
        "memory": config.memory,
        "steps_per_second": by_part["iteration"]._asdict(),
        "rates": {part: rate._asdict() for part, rate in by_part.items()},
        "seconds_per_step": seconds_per_step(
            {part: rate.median for part, rate in by_part.items()}
        ),
        "compile_seconds": ready.compile_seconds,
    }


def compare_others(
    options: argparse.Namespace, ours: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Prints one line for each other PPO on our environment, and the ratio to ours."""
    config = configure("ppo", "none", options)
    (mine,) = (r for r in ours if (r["algorithm"], r["memory"]) == ("ppo", "none"))
    rows = []
    for name, prepare_other in (
        ("examples/ppo_jax.py", training_others.prepare_example),
        ("Stable-Baselines3 PPO", training_others.prepare_sb3),
    ):
        row: dict[str, Any] = {"name": name}
        rows.append(row | measure_other(prepare_other, config, options.repeats))
        print_other(rows[-1], mine["steps_per_second"]["median"])
    return rows


def measure_other(
    prepare_other: Callable[[RunConfig], Callable[[], Any]],
    config: RunConfig,
    repeats: int,
) -> dict[str, Any]:
    """The rate of another program, or why there is none."""
    try:
        work = prepare_other(config)
    except ImportError as error:
        return {"error": f"n/a: {error}"}
    rows = config.hyper_parameters.rows_per_iteration
    (rate,) = measure_in_turn([work], rows, repeats)
    return {"steps_per_second": rate._asdict(), "error": None}


def compare_published(options: argparse.Namespace) -> dict[str, Any]:
    """The published package's PQN at its own settings, and ours at the same ones."""
    if not options.peer_python:
        return {"error": "n/a: no --peer-python"}
    config = preset("paper", "pqn", options.env_id)
    share, settings = options.peer_share, config.hyper_parameters
    assert isinstance(settings, PQN)
    steps = settings.num_steps // share
    settings = replace(
        settings,
        num_steps=steps,
        sequence_length=steps,
        num_minibatches=settings.num_minibatches // share,
    )
    config = replace(
        config, memory="none", obs_size=options.peer_obs_size, settings=settings
    )
    ready = prepare(config, parts=("iteration",))
    rate = once(ready.works["iteration"], ready.rows)
    name = "ours, pqn none, theirs"
    print(f"{name:<22}{rate.median:>9,.1f}")
    peer = training_peer.measure(
        options.peer_python,
        options.env_id,
        config.obs_size,
        share,
        options.peer_seconds,
    )
    row = {"name": "popgym-arcade 0.0.7 PQN", "ours": rate._asdict()} | peer
    print_other(row, rate.median)
    return row


def once(work: Callable[[], Any], rows: int) -> Rate:
    """The rate of one call of what is compiled already: one may take a minute."""
    start = time.perf_counter()
    work()
    rate = rows / (time.perf_counter() - start)
    return Rate(rate, rate, rate)


def print_other(row: dict[str, Any], ours: float) -> None:
    """Prints one line, with how many times as fast ours is."""
    rate, bound = row.get("steps_per_second"), row.get("less_than")
    if rate is not None:
        text = (
            f"{rate['median']:>9,.1f}{ours / rate['median']:>13.1f} x as fast is ours"
        )
    elif bound is not None:
        text = f"{'< ' + format(bound, '.1f'):>9}{ours / bound:>13.1f} x at least"
    else:
        text = f" {row['error']}"
    print(f"{row['name']:<22}{text}", flush=True)


if __name__ == "__main__":
    main()
