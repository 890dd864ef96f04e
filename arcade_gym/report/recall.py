"""What the agents remember: recall densities and contamination."""

from collections.abc import Sequence

import numpy as np

from arcade_gym.introspection.density import MEASURES
from arcade_gym.report.charts import Line, line_chart
from arcade_gym.report.markup import Markup, element, joined
from arcade_gym.report.memory import Memory
from arcade_gym.report.runs import Run
from arcade_gym.report.tables import number, run_name, table

_AGES = "steps from the frame to the decision"

_MEANT = {
    "exchange": "how much the last decision of an episode changes where a frame is "
    "that of another episode",
    "gradient": "absolute gradients of the last decision of an episode; on a task "
    "whose answer is known this does not find the frame that decides, exchange does",
}


def recall(runs: Sequence[Run], memories: Sequence[Memory]) -> Markup:
    """Charts of densities, flips and contamination, and a table of thirds."""
    charts = []
    for by in MEASURES:
        charts += [_over_time(runs, memories, by), _over_ages(runs, memories, by)]
    charts += [_flips(runs, memories), _contamination(runs, memories)]
    shown = element("div", *filter(None, charts), class_="charts")
    return joined(shown, _thirds(runs, memories))


def _over_time(runs: Sequence[Run], memories: Sequence[Memory], by: str) -> Markup:
    lines = []
    for run, memory in zip(runs, memories, strict=True):
        if found := memory.densities.get(by):
            bins = (np.arange(len(found.mean)) + 0.5) / len(found.mean)
            band = found.low, found.high
            lines.append(Line(run.name, bins, found.mean, run.number, band))
    told = (
        f"Recall density by {by}: {_MEANT[by]}. Density 1 is uniform; bands are 95 % "
        "intervals over episodes."
    )
    across = "place in the episode (0 first frame, 1 decision)"
    return _chart(lines, told, across, "recall density", level=1.0)


def _over_ages(runs: Sequence[Run], memories: Sequence[Memory], by: str) -> Markup:
    lines = [
        _by_age(run, 100 * memory.densities[by].share_by_age)
        for run, memory in zip(runs, memories, strict=True)
        if by in memory.densities
    ]
    told = f"The same by {by} and by age: 0 is the frame that is decided on."
    return _chart(lines, told, _AGES, "share of the density, %")


def _flips(runs: Sequence[Run], memories: Sequence[Memory]) -> Markup:
    lines = [
        _by_age(run, 100 * memory.densities["exchange"].flips_by_age)
        for run, memory in zip(runs, memories, strict=True)
        if "exchange" in memory.densities
    ]
    told = "By exchange: last decisions that another episode's frame of that age flips."
    return _chart(lines, told, _AGES, "flipped decisions, %")


def _contamination(runs: Sequence[Run], memories: Sequence[Memory]) -> Markup:
    lines = [
        _by_age(run, 100 * memory.contamination.flips_by_age)
        for run, memory in zip(runs, memories, strict=True)
    ]
    kind = memories[0].contamination.perturbation.value
    told = (
        f"Contamination by {kind}: last decisions that flip where the frame of that "
        "age, or the order up to it, is spoiled."
    )
    return _chart(lines, told, _AGES, "flipped decisions, %")


def _by_age(run: Run, values: np.ndarray) -> Line:
    return Line(run.name, np.arange(len(values), dtype=float), values, run.number)


def _chart(
    lines: Sequence[Line],
    told: str,
    x_label: str,
    y_label: str,
    level: float | None = None,
) -> Markup:
    if not lines:
        return Markup()
    return line_chart(
        lines, caption=told, x_label=x_label, y_label=y_label, low=0.0, level=level
    )


def _thirds(runs: Sequence[Run], memories: Sequence[Memory]) -> Markup:
    rows = []
    for run, memory in zip(runs, memories, strict=True):
        for by in MEASURES:
            found = memory.densities.get(by)
            cells = (
                [f"{100 * part:.1f}" for part in found.thirds]
                if found
                else ["\N{EN DASH}"] * 3
            )
            left_out = found.left_out if found else len(memory.episodes)
            rows.append([run_name(run), by, *map(number, [*cells, str(left_out)])])
    headings = (
        "run",
        "measured by",
        "first third, %",
        "second, %",
        "last, %",
        "left out",
    )
    caption = (
        "Shares of the thirds of an episode. Left out: episodes in which no frame "
        "changes the last decision."
    )
    return table(headings, rows, caption=caption)
