"""Returns while training."""

from collections.abc import Iterator, Sequence

from arcade_gym.report.charts import Line, line_chart
from arcade_gym.report.markup import Markup, element
from arcade_gym.report.results import evaluations, rollouts
from arcade_gym.report.runs import Run, by_level


def curves(runs: Sequence[Run]) -> Markup:
    """A chart for each level."""
    charts = [
        line_chart(lines, caption=_told(level), x_label="steps", y_label="mean return")
        for level, some in by_level(runs).items()
        if (lines := [line for run in some for line in _lines(run)])
    ]
    return element("div", *charts, class_="charts")


def _lines(run: Run) -> Iterator[Line]:
    found, (steps, means) = evaluations(run), rollouts(run)
    if len(found.steps):
        band = found.low, found.high
        yield Line(f"{run.name}, evaluated", found.steps, found.mean, run.number, band)
    if len(steps):
        name = f"{run.name}, in training"
        yield Line(name, steps, means, run.number, is_dashed=True)


def _told(level: str) -> str:
    return (
        f"{level}, in the view of the training. Solid: greedy evaluations on episodes "
        "kept apart, with 95 % intervals over episodes. Dashed: episodes that ended in "
        "training, played with exploration."
    )
