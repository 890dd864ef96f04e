"""Figures of a study; the only module of this room that imports matplotlib."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from arcade_gym.study.comparison import Comparison
from arcade_gym.study.published import MARK, PUBLISHED
from arcade_gym.study.statistics import Estimate
from arcade_gym.whole_files import replacing

ENDINGS = ("png", "pdf")

_SHAPES = {"full": ("s", "none"), "partial": ("o", None)}
"""Marker and filling of a view."""


def save_all(comparisons: Sequence[Comparison], folder: Path) -> list[Path]:
    """Writes all figures as PNG and PDF; needs neither a display nor LaTeX.

    Returns:
        The files. Figures for which there are no runs are left out.
    """
    written: list[Path] = []
    for comparison in comparisons:
        drawn = {
            "returns": returns(comparison),
            "gap_bias": gap_and_bias(comparison),
            "curves": curves(comparison),
        }
        for name, figure in drawn.items():
            if figure is None:
                continue
            for ending in ENDINGS:
                path = folder / f"{comparison.algorithm}_{name}.{ending}"
                with replacing(path) as file:
                    figure.savefig(file, format=ending, dpi=150)
                written.append(path)
    return written


def returns(comparison: Comparison) -> Any:
    """Returns of every level: a column for each memory, both views side by side."""
    levels, memories = comparison.levels, comparison.memories
    figure, axes = _grid_of_axes(len(levels), sharey=False)
    for axis, level in zip(axes, levels, strict=False):
        for place, memory in enumerate(memories):
            for view, shift in (("full", -0.12), ("partial", 0.12)):
                found = comparison.on_level(level, memory, view, comparison.raw)
                if found is not None:
                    _point(axis, place + shift, found, f"C{place}", view)
        axis.set_title(level, fontsize=9)
        axis.set_xticks(range(len(memories)), memories, rotation=30, fontsize=8)
        axis.set_xlim(-0.5, len(memories) - 0.5)
        axis.grid(axis="y", alpha=0.3)
    axes[0].set_ylabel("return")
    figure.suptitle(
        f"{comparison.algorithm}, {comparison.network} network, {comparison.policy}: "
        "full view (open squares), partial view (dots)",
        fontsize=9,
    )
    return figure


def gap_and_bias(comparison: Comparison) -> Any:
    """Memory bias against observability gap over all shared levels; None without."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, for figures only

    points = {
        memory: [
            comparison.over_levels(memory, quantity, comparison.normalised)
            for quantity in ("gap", "bias")
        ]
        for memory in comparison.memories
    }
    known = {memory: pair for memory, pair in points.items() if all(pair)}
    if not known:
        return None
    figure = Figure((5.5, 4.2), layout="constrained")
    axis = figure.subplots()
    for place, (memory, (gap, bias)) in enumerate(known.items()):
        assert gap
        assert bias
        axis.errorbar(
            gap.value,
            bias.value,
            xerr=_error(gap),
            yerr=_error(bias),
            fmt="o",
            capsize=2,
            color=f"C{place}",
            label=memory,
        )
    for one in PUBLISHED:
        if one.memory and one.memory != "none":
            axis.plot(one.gap, one.bias, "x", color="grey")
            axis.annotate(f" {one.name}", (one.gap, one.bias), fontsize=7, color="grey")
    axis.plot([], [], "x", color="grey", label=f"paper, {MARK}")
    axis.axhline(0, color="black", linewidth=0.5)
    axis.axvline(0, color="black", linewidth=0.5)
    axis.set_xlabel("observability gap, J(f, M) - J(f, P)")
    axis.set_ylabel("memory bias, J(f, M) - J(none, M)")
    axis.legend(fontsize=8)
    axis.set_title(f"{comparison.algorithm}, normalised returns", fontsize=9)
    return figure


def curves(comparison: Comparison) -> Any:
    """Greedy evaluations in training: means over seeds, one axis for level and view."""
    places = [(level, view) for level in comparison.levels for view in _SHAPES]
    drawn = [
        (level, view)
        for level, view in places
        if any(r.level == level and r.view == view for r in comparison.records)
    ]
    figure, axes = _grid_of_axes(len(drawn), sharey=False)
    for axis, (level, view) in zip(axes, drawn, strict=False):
        for place, memory in enumerate(comparison.memories):
            runs = [r for r in comparison.of(level, memory) if r.view == view]
            judged = [run.curve for run in runs if run.curve.steps]
            for curve in judged:
                axis.plot(*curve, color=f"C{place}", alpha=0.3, linewidth=0.8)
            if judged:
                steps, means = _mean_curve(judged)
                axis.plot(steps, means, color=f"C{place}", label=memory)
        axis.set_title(f"{level}, {view} view", fontsize=9)
        axis.grid(alpha=0.3)
        axis.tick_params(labelsize=7)
    axes[0].set_ylabel("greedy return")
    if lines := _by_label(axes):
        axes[0].legend(lines.values(), lines.keys(), fontsize=7)
    figure.supxlabel("steps", fontsize=9)
    return figure


def _grid_of_axes(count: int, *, sharey: bool) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, for figures only

    columns = min(count, 4)
    rows = math.ceil(count / columns)
    size = (2.6 * columns + 0.6, 2.3 * rows + 0.6)
    figure = Figure(size, layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, sharey=sharey).ravel())
    for unused in axes[count:]:
        unused.set_axis_off()
    return figure, axes[:count]


def _point(axis: Any, x: float, found: Estimate, color: str, view: str) -> None:
    marker, filling = _SHAPES[view]
    axis.errorbar(
        x,
        found.value,
        yerr=_error(found),
        fmt=marker,
        color=color,
        markerfacecolor=filling or color,
        capsize=2,
        markersize=5,
    )


def _error(found: Estimate) -> Any:
    """For matplotlib; nothing where there is no interval."""
    if math.isnan(found.low):
        return None
    return [[found.value - found.low], [found.high - found.value]]


def _by_label(axes: Sequence[Any]) -> dict[str, Any]:
    """A line of each memory, wherever it was drawn."""
    found: dict[str, Any] = {}
    for axis in axes:
        for line, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, line)
    return found


def _mean_curve(curves: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """The mean over curves, at the steps of the first, as far as all of them go."""
    end = min(curve.steps[-1] for curve in curves)
    steps = np.array([step for step in curves[0].steps if step <= end])
    means = [np.interp(steps, curve.steps, curve.means) for curve in curves]
    return steps, np.mean(means, axis=0)
