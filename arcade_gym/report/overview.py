"""What the runs are: a table of them, and every setting."""

from collections.abc import Sequence
from typing import Any

from arcade_gym.report.markup import Markup, element, joined
from arcade_gym.report.results import GREEDY, Judged, estimate
from arcade_gym.report.runs import Run
from arcade_gym.report.tables import number, run_name, signed, table

_PLACES = ("out", "overwrite", "devices", "tensorboard", "wandb", "checkpoint_minutes")
"""Settings that say where a run took place, which says nothing to others."""

_HEADINGS = (
    "run",
    "level",
    "trained in",
    "learner",
    "memory",
    "parameters",
    "carry, bytes",
    "steps",
    "mean return in its view",
)


def overview(runs: Sequence[Run], results: Sequence[Judged]) -> Markup:
    """The runs side by side, and their settings below."""
    rows = [_row(run, result) for run, result in zip(runs, results, strict=True)]
    caption = "Mean return: greedy, of the chosen network, with its 95 % interval."
    return joined(table(_HEADINGS, rows, caption=caption), _settings(runs))


def _row(run: Run, result: Judged) -> list[str]:
    config, network = run.config, run.about["network"]
    found = estimate(result[config.view, GREEDY])
    steps = run.metrics[-1]["steps"] if run.metrics else 0
    return [
        run_name(run),
        run.level,
        f"{config.view} view",
        config.algorithm.upper(),
        config.memory,
        number(f"{network['parameters']:,}"),
        number(f"{network['carry_bytes']:,}"),
        number(f"{steps:,}"),
        number(f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"),
    ]


def _settings(runs: Sequence[Run]) -> Markup:
    """All settings, those in which the runs differ first and marked."""
    columns = [_flat(run) for run in runs]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [(name, [column.get(name, "") for column in columns]) for name in names]
    rows.sort(key=lambda row: len(set(row[1])) == 1)  # keeps their order otherwise
    shown = [[_setting(name, values), *map(number, values)] for name, values in rows]
    headings = ["setting", *(run_name(run) for run in runs)]
    caption = "Settings; those in which the runs differ are first and in bold."
    content = table(headings, shown, caption=caption, name="settings")
    return element("details", element("summary", "All settings"), content)


def _setting(name: str, values: Sequence[str]) -> Markup:
    return element("strong" if len(set(values)) > 1 else "span", name)


def _flat(run: Run) -> dict[str, str]:
    content: dict[str, Any] = run.config.to_json()
    settings, content["env_id"] = content.pop("settings"), run.level
    versions = {f"version of {name}": it for name, it in run.about["versions"].items()}
    kept = {name: it for name, it in content.items() if name not in _PLACES}
    every = {**kept, **settings, **versions, "date": run.about.get("date", "")}
    return {name: "none" if it is None else str(it) for name, it in every.items()}
