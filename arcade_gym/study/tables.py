"""The tables of a study: one of levels, and aggregates on two scales."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arcade_gym.study import scales
from arcade_gym.study.comparison import QUANTITIES, Comparison, Score, published
from arcade_gym.study.humans import Played
from arcade_gym.study.published import ERROR, MARK, PUBLISHED, SOURCE
from arcade_gym.study.statistics import (
    Estimate,
    estimate,
    interquartile_mean,
    mean,
    unpaired,
)

Cell = str | int | float | Estimate | None

HEADINGS = {
    "full": "full view",
    "partial": "partial view",
    "gap": "gap",
    "bias": "bias",
    "to_partial": "full to partial",
    "to_full": "partial to full",
}
"""What the quantities are called in tables."""

HUMAN = "human"

_INTERVALS = (
    "Brackets are 95 % intervals over seeds (stratified jackknife, Student's t with "
    "Satterthwaite's degrees of freedom); a single seed has none. "
)
_WORDS = (
    "Gap is J(f, M) - J(f, P), bias J(f, M) - J(none, M), both seed by seed; the last "
    "two are policies of one view that are shown the other."
)


@dataclass(frozen=True)
class Table:
    """A table before it has a format.

    Attributes:
        name: of its files.
        title: above it.
        header: of the columns.
        rows: as many cells each.
        note: below it.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str


def of_levels(comparisons: Sequence[Comparison], played: Played) -> Table:
    """Every level, algorithm and memory, in returns."""
    rows = [
        _level_row(comparison, level, memory)
        for comparison in comparisons
        for level in comparison.levels
        for memory in comparison.memories
        if comparison.of(level, memory)
    ]
    people = dict.fromkeys(level for level, _ in played)
    rows.extend(_human_row(level, played) for level in people)
    header = ("level", "learner", "memory", *(HEADINGS[name] for name in QUANTITIES))
    header += ("full, normalised", "partial, normalised")
    header += ("parameters", "carry bytes", "steps/s", "runs")
    note = (
        _INTERVALS
        + _WORDS
        + (
            " Normalised: (J - random) / (reachable - random). Rows of people have "
            "intervals over episodes, and as many episodes as runs."
        )
    )
    return Table("levels", "Levels", header, tuple(rows), note)


def _level_row(comparison: Comparison, level: str, memory: str) -> tuple[Cell, ...]:
    records = comparison.of(level, memory)
    runs = len(records)
    speeds = [record.steps_per_second for record in records]
    return (
        level,
        comparison.algorithm,
        memory,
        *(comparison.on_level(level, memory, q, comparison.raw) for q in QUANTITIES),
        comparison.on_level(level, memory, "full", comparison.normalised),
        comparison.on_level(level, memory, "partial", comparison.normalised),
        records[0].parameters,
        records[0].carry_bytes,
        round(math.fsum(speeds) / runs) if all(map(math.isfinite, speeds)) else None,
        runs,
    )


def _human_row(level: str, played: Played) -> tuple[Cell, ...]:
    full, partial = (played.get((level, view), []) for view in ("full", "partial"))

    def scaled(returns: list[float]) -> Estimate | None:
        values = [scales.normalised(level, value) for value in returns]
        known = [value for value in values if value is not None]
        return estimate([known]) if known else None

    return (
        level,
        "",
        HUMAN,
        estimate([full]) if full else None,
        estimate([partial]) if partial else None,
        unpaired([full], [partial]) if full and partial else None,
        None,
        None,
        None,
        scaled(full),
        scaled(partial),
        None,
        None,
        None,
        len(full) + len(partial),
    )


def over_levels(comparisons: Sequence[Comparison], played: Played) -> Table:
    """Every algorithm and memory over all shared levels, normalised."""
    rows: list[tuple[Cell, ...]] = []
    for comparison in comparisons:
        rows += _aggregates(comparison, comparison.normalised, QUANTITIES)
    rows += _human_aggregate(played, scales.normalised, len(QUANTITIES))
    header = ("learner", "memory", "over levels", "levels")
    header += tuple(HEADINGS[name] for name in QUANTITIES)
    note = (
        "(J - random) / (reachable - random) on the levels that all memories share: "
        f"{_shared(comparisons)}. IQM is the interquartile mean over runs, "
        "which has no interval on a single level. " + _INTERVALS + _WORDS
    )
    return Table("aggregate", "All levels, normalised", header, tuple(rows), note)


def beside_published(comparisons: Sequence[Comparison], played: Played) -> Table:
    """The paper's score on the paper's scale, and the paper's numbers."""
    quantities = ("full", "partial", "gap", "bias")
    rows: list[tuple[Cell, ...]] = []
    for comparison in comparisons:
        rows += _aggregates(comparison, published, quantities, (("mean", mean),))
    rows += _human_aggregate(played, scales.as_published, len(quantities))
    for one in PUBLISHED:
        name = f"{one.name} ({MARK})"
        numbers = (one.full, one.partial, one.gap, one.bias)
        rows.append(("paper", name, "mean", 30, *numbers))
    header = ("learner", "memory", "over levels", "levels")
    header += tuple(HEADINGS[name] for name in quantities)
    note = (
        "As published: the highest value of the smoothed return of the exploring "
        "policy in training, which is biased upwards, on the scale of the paper's "
        f"figures; on the levels {_shared(comparisons)}. The paper's rows are {MARK} "
        f"to +-{ERROR}: {SOURCE}. " + _INTERVALS
    )
    return Table("published", "As published", header, tuple(rows), note)


def _aggregates(
    comparison: Comparison,
    score: Score,
    quantities: Sequence[str],
    statistics: Sequence[tuple[str, Callable[..., float]]] = (
        ("mean", mean),
        ("IQM", interquartile_mean),
    ),
) -> list[tuple[Cell, ...]]:
    return [
        (
            comparison.algorithm,
            memory,
            name,
            len(comparison.shared_levels),
            *(
                comparison.over_levels(memory, quantity, score, statistic)
                for quantity in quantities
            ),
        )
        for name, statistic in statistics
        for memory in comparison.memories
    ]


def _human_aggregate(
    played: Played, scale: Callable[[str, float], float | None], quantities: int
) -> list[tuple[Cell, ...]]:
    """People, on the levels that they played in both views."""
    levels = [level for level, view in played if view == "full"]
    strata: dict[str, list[list[float]]] = {"full": [], "partial": []}
    for level in levels:
        if (level, "partial") not in played:
            continue
        for view, some in strata.items():
            scaled = [scale(level, value) for value in played[level, view]]
            some.append([value for value in scaled if value is not None])
    full, partial = strata["full"], strata["partial"]
    if not full or not all(full):
        return []
    gap = unpaired(full, partial)
    empty: list[Cell] = [None] * (quantities - 3)
    row = ("", HUMAN, "mean", len(full), estimate(full), estimate(partial), gap)
    return [(*row, *empty)]


def _shared(comparisons: Sequence[Comparison]) -> str:
    names = dict.fromkeys(
        level for comparison in comparisons for level in comparison.shared_levels
    )
    return ", ".join(names) or "none"
