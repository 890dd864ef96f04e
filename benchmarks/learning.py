"""What agents have learned: a table, intervals and curves of finished runs.

    arcade-gym train ppo CartPoleHard -p --memory gru --seeds 3 --out runs/gru
    arcade-gym train ppo CartPoleHard -p --memory none --seeds 3 --out runs/none
    python benchmarks/learning.py runs/* --plot docs/learning.png

Runs that differ in nothing but their seed form a row. A return is that of the last
network, greedy, on episodes that no choice was made by. The interval of a difference
resamples the seeds of each row and the episodes of each seed (2,000 times, 95 %); with
three seeds such intervals are too narrow, so single seeds are shown as well.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import write_json

RESAMPLES = 2000
COLUMNS = 3  # pictures side by side


class Run(NamedTuple):
    """One finished run."""

    name: str
    config: dict[str, Any]
    curve: list[tuple[int, float]]  # steps, mean return of training episodes
    greedy: list[tuple[int, float]]  # steps, mean return of evaluations in training
    returns: dict[str, list[float]]  # of each view, last network, greedy
    sampled: dict[str, float]  # mean of each view, where actions are drawn
    seconds: float

    @property
    def row(self) -> tuple[str, str, str, str]:
        """What runs of one row have in common."""
        view = "partial" if self.config["partial_obs"] else "full"
        return (
            self.config["env_id"],
            view,
            self.config["algorithm"],
            self.config["memory"],
        )

    @property
    def own(self) -> list[float]:
        """Returns in the view that it was trained on."""
        return self.returns[self.row[1]]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Prints the table and the differences to agents without memory."""
    options = parse(arguments)
    rows = grouped([read(path) for path in options.runs])
    print(f"{'level':<20}{'view':<9}{'':<5}{'memory':<8}{'mean':>7}  seeds")
    for (level, view, algorithm, memory), runs in rows.items():
        means = [float(np.mean(run.own)) for run in runs]
        cells = " ".join(f"{mean:.3f}" for mean in means)
        head = f"{short(level):<20}{view:<9}{algorithm:<5}{memory:<8}"
        print(f"{head}{np.mean(means):>7.3f}  {cells}")
    found = differences(rows)
    for line in found:
        low, high = line["interval"]
        where = f"{short(line['level'])} {line['view']} {line['algorithm']}"
        what = f"{line['memory']} - none = {line['difference']:+.3f}"
        print(f"{where}: {what} [{low:+.3f}, {high:+.3f}]")
    record = {"rows": [as_json(*item) for item in rows.items()], "differences": found}
    if options.json:
        write_json(options.json, record)
    if options.plot:
        plot(rows, options.plot)
    return record


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the options."""
    parser = argparse.ArgumentParser(description="What agents have learned.")
    parser.add_argument("runs", type=Path, nargs="+", help="folders of finished runs")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path, help="PNG of the curves")
    return parser.parse_args(arguments)


def read(folder: Path) -> Run:
    """Reads a run.

    Raises:
        SystemExit: it has not ended.
    """
    if not (folder / "done.json").is_file():
        raise SystemExit(f"{folder} is no finished run: go on with arcade-gym resume")
    metrics = _lines(folder / "metrics.jsonl")
    evaluations = _lines(folder / "eval.jsonl")
    training = [line for line in evaluations if line["kind"] == "training"]
    last = [
        line
        for line in evaluations
        if line["kind"] == "test" and line["network"] == "last"
    ]
    return Run(
        name=folder.name,
        config=json.loads((folder / "config.json").read_text()),
        curve=[(m["steps"], m["return_mean"]) for m in metrics if m["episodes"]],
        greedy=[(line["steps"], line["mean"]) for line in training],
        returns={x["view"]: x["returns"] for x in last if x["policy"] == "greedy"},
        sampled={x["view"]: x["mean"] for x in last if x["policy"] == "sampled"},
        seconds=metrics[-1]["seconds"],
    )


def grouped(runs: list[Run]) -> dict[tuple[str, ...], list[Run]]:
    """Runs by row, each in the order of its seeds.

    Raises:
        SystemExit: runs of a row differ in more than their seed.
    """
    rows: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.row, run.config["seed"])):
        rows[run.row].append(run)
    for row, members in rows.items():
        if len({_settings(run) for run in members}) > 1:
            raise SystemExit(f"runs of {' '.join(row)} have different settings")
    return dict(rows)


def differences(rows: dict[tuple[str, ...], list[Run]]) -> list[dict[str, Any]]:
    """What each memory gains over none, with its interval."""
    found = []
    for (level, view, algorithm, memory), runs in rows.items():
        none = rows.get((level, view, algorithm, "none"))
        if memory == "none" or none is None:
            continue
        pair = [run.own for run in runs], [run.own for run in none]
        found.append(
            {
                "level": level,
                "view": view,
                "algorithm": algorithm,
                "memory": memory,
                "difference": mean_of_means(pair[0]) - mean_of_means(pair[1]),
                "interval": interval(*pair),
            }
        )
    return found


def short(level: str) -> str:
    """A level without the module of an own game."""
    return level.rpartition(":")[2]


def mean_of_means(returns: list[list[float]]) -> float:
    """The mean over seeds of the mean over episodes."""
    return float(np.mean([np.mean(one) for one in returns]))


def interval(
    first: list[list[float]], second: list[list[float]]
) -> tuple[float, float]:
    """95 % of the differences of resampled seeds with resampled episodes."""
    rng = np.random.default_rng(0)
    drawn = _resampled(first, rng) - _resampled(second, rng)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _resampled(returns: list[list[float]], rng: np.random.Generator) -> np.ndarray:
    table = np.array(returns)  # [seeds, episodes]
    seeds, episodes = table.shape
    means = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        chosen = table[rng.integers(0, seeds, seeds)]
        places = rng.integers(0, episodes, chosen.shape)
        means[i] = np.take_along_axis(chosen, places, axis=1).mean()
    return means


def as_json(row: tuple[str, ...], runs: list[Run]) -> dict[str, Any]:
    """A row of the record, its curves included."""
    return {
        "level": row[0],
        "view": row[1],
        "algorithm": row[2],
        "memory": row[3],
        "mean": mean_of_means([run.own for run in runs]),
        "runs": [
            {
                "command": run.config["command"],
                "seed": run.config["seed"],
                "steps": run.config["total_steps"],
                "seconds": run.seconds,
                "greedy": {v: float(np.mean(r)) for v, r in run.returns.items()},
                "sampled": run.sampled,
                "curve": _rounded(run.curve),
                "evaluations": _rounded(run.greedy),
            }
            for run in runs
        ],
    }


def plot(rows: dict[tuple[str, ...], list[Run]], path: Path) -> None:
    """Draws training returns by steps where memories can be compared.

    One picture a level, view and algorithm, one color a memory. Lines are the sampled
    policy, dots greedy evaluations.
    """
    import matplotlib  # noqa: PLC0415  # optional, for the picture only

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415  # as above

    count = Counter(row[:3] for row in rows)
    pictures = sorted(picture for picture in count if count[picture] > 1) or [*count]
    memories = sorted({row[3] for row in rows}, key=lambda name: (name == "none", name))
    across = min(COLUMNS, len(pictures))
    down = -(-len(pictures) // across)
    size = (4 * across, 2.8 * down)
    figure, axes = pyplot.subplots(down, across, figsize=size, squeeze=False)
    for axis in axes.flat[len(pictures) :]:
        axis.set_axis_off()
    for picture, axis in zip(pictures, axes.flat, strict=False):
        for memory in memories:
            for i, run in enumerate(rows.get((*picture, memory), [])):
                label = memory if i == 0 else None
                color = f"C{memories.index(memory)}"
                axis.plot(*zip(*run.curve, strict=True), color=color, label=label)
                axis.plot(*zip(*run.greedy, strict=True), "o", color=color, ms=3)
        axis.set(title=f"{short(picture[0])}, {picture[1]} view, {picture[2].upper()}")
        axis.set(xlabel="steps", ylim=(min(0, axis.get_ylim()[0]), 1.02))
        axis.xaxis.set_major_formatter(lambda steps, _: f"{steps / 1000:g}k")
        axis.legend(frameon=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("return: sampled, greedy (dots)")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    print(f"Wrote {path}")


def _settings(run: Run) -> str:
    apart = ("seed", "out", "command", "date", "run_id")
    kept = {name: value for name, value in run.config.items() if name not in apart}
    return json.dumps(kept, sort_keys=True)


def _rounded(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(steps, round(value, 4)) for steps, value in curve]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()
