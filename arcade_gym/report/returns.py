"""Returns in both views: intervals, the transfer matrix, gap and bias."""

from collections.abc import Sequence

import numpy as np

from arcade_gym.introspection import memory_bias, observability_gap, transfer
from arcade_gym.report.axes import Axis
from arcade_gym.report.charts import interval
from arcade_gym.report.markup import Markup, element, joined
from arcade_gym.report.results import GREEDY, Estimate, Judged, estimate
from arcade_gym.report.runs import Run, by_level
from arcade_gym.report.tables import number, run_name, signed, table
from jax_core.game import Visibility

SHADES = 8  # of the style sheet: classes shade-0 and so on
VIEWS = tuple(str(view) for view in Visibility)

_ENDS = 6, 154  # pixels of an interval in a table


def returns(runs: Sequence[Run], results: Sequence[Judged]) -> Markup:
    """Means with their intervals, in both views and by every policy."""
    found = [{way: estimate(some) for way, some in one.items()} for one in results]
    rows = []
    for level in by_level(runs).values():
        ends = _range([one for run in level for one in found[run.number].values()])
        for run in level:
            for way, one in sorted(found[run.number].items()):
                episodes = len(results[run.number][way])
                rows.append(_row(run, way, one, ends, episodes))
    headings = ("run", "shown", "policy", "mean", "95 % interval", "", "episodes")
    caption = (
        "Mean returns of the chosen network. The episodes of both views begin with the "
        "same states, and no choice was made by them. Intervals resample episodes; "
        "they say nothing about other seeds of training."
    )
    return joined(
        table(headings, rows, caption=caption),
        _matrix(runs, results),
        _differences(runs, results),
    )


def _row(
    run: Run, way: tuple[str, str], found: Estimate, ends: Axis, episodes: int
) -> list[str]:
    view, policy = way
    drawn = interval(found.mean, found.low, found.high, ends, run.number)
    return [
        run_name(run),
        f"{view} view" + (", as trained" if view == run.config.view else ""),
        policy,
        number(signed(found.mean)),
        number(f"{signed(found.low)} to {signed(found.high)}"),
        element("td", drawn),
        number(f"{episodes:,}"),
    ]


def _range(found: Sequence[Estimate]) -> Axis:
    """From the lowest to the highest end of some intervals, and 0."""
    low = min(0.0, *(one.low for one in found))
    high = max(0.0, *(one.high for one in found))
    return Axis(low, high if high > low else low + 1, *_ENDS)


def _matrix(runs: Sequence[Run], results: Sequence[Judged]) -> Markup:
    """What policies are worth in the view that they were not trained in."""
    rows = []
    for level in by_level(runs).values():
        means = transfer({run.name: _greedy(results[run.number]) for run in level})
        every = [mean for row in means.values() for mean in row.values()]
        for run in level:
            cells = [_shaded(means[run.name][view], every) for view in VIEWS]
            trained = f"{run.level}, {run.config.view} view"
            rows.append([run_name(run), trained, *cells])
    headings = ("run", "trained in", *(f"shown the {view} view" for view in VIEWS))
    caption = (
        "Transfer: greedy mean returns of one policy in both views. Darker is more, "
        "among runs of a level."
    )
    return table(headings, rows, caption=caption, name="transfer")


def _greedy(result: Judged) -> dict[str, np.ndarray]:
    return {view: result[view, GREEDY] for view in VIEWS}


def _shaded(mean: float, every: Sequence[float]) -> Markup:
    share = (mean - min(every)) / max(max(every) - min(every), 1e-9)
    shade = min(int(share * SHADES), SHADES - 1)
    return element("td", signed(mean), class_=f"number shade-{shade}")


def _differences(runs: Sequence[Run], results: Sequence[Judged]) -> Markup:
    """Gap and bias of configurations, where the runs for them are there."""
    joined_up: dict[tuple[str, str, str, str], list[np.ndarray]] = {}
    for run, result in zip(runs, results, strict=True):
        config = run.config
        key = run.level, config.algorithm, config.memory, config.view
        joined_up.setdefault(key, []).append(result[config.view, GREEDY])
    pools = {key: np.concatenate(parts) for key, parts in joined_up.items()}
    rows = []
    for (level, learner, memory, view), full in pools.items():
        if view != "full":
            continue
        name = f"{level}, {learner.upper()}, {memory}"
        partial = pools.get((level, learner, memory, "partial"))
        if partial is not None:
            rows.append(_difference(name, "gap", observability_gap(full, partial)))
        without = pools.get((level, learner, "none", "full"))
        if without is not None and memory != "none":
            rows.append(_difference(name, "bias", memory_bias(full, without)))
    if not rows:
        return Markup()
    caption = (
        "Gap: return of training in the full view less that in the partial one. Bias: "
        "return with memory less that without, in the full view. Episodes of runs with "
        "the same settings are joined."
    )
    headings = ("configuration", "measure", "difference", "95 % interval")
    return table(headings, rows, caption=caption)


def _difference(name: str, what: str, found: Estimate | tuple) -> list[str]:
    mean, low, high = found
    return [
        name,
        what,
        number(signed(mean)),
        number(f"{signed(low)} to {signed(high)}"),
    ]
