"""Figures; the only module here that imports matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from arcade_gym.introspection.contamination import Contamination
from arcade_gym.introspection.density import Density

MODES = ("line", "grid")
_INCH = 1.2  # side of a frame


def decisions(
    frames: Float[np.ndarray, "frames side side 3"],
    heat: Sequence[Float[np.ndarray, "_ side side"]],
    cmap: str,
    mode: str,
    use_latex: bool,
) -> Any:
    """Frames, and under them what decisions change with.

    Args:
        frames: in 0..1; more than decisions by the last one.
        heat: of decision i, of frames 0..i.
        cmap: colors of matplotlib.
        mode: "line" shows the last decision, "grid" all of them.
        use_latex: sets text with LaTeX.

    Returns:
        The figure; nothing is shown on a screen.
    """
    import matplotlib as mpl  # noqa: PLC0415  # heavy, and for figures only

    shown = list(heat) if mode == "grid" else [heat[-1]]
    titles = [f"$o_{{{step}}}$" for step in range(len(heat))]
    with mpl.rc_context({"text.usetex": use_latex}):
        return _pictures(
            frames[: len(heat)], shown, titles, cmap=cmap, label="absolute gradient"
        )


def window(
    frames: Float[np.ndarray, "window side side 3"],
    heat: Float[np.ndarray, "window rows columns"],
    last: int,
    label: str,
) -> Any:
    """Frames up to a decision, and under them what it changes with.

    Args:
        frames: in 0..1, the last one its own.
        heat: of the same frames, in pixels or in patches.
        last: number of the last frame.
        label: what heat is.
    """
    first = last + 1 - len(frames)
    titles = [f"frame {number}" for number in range(first, last + 1)]
    return _pictures(frames, [heat], titles, cmap="hot", label=label)


def density(found: Density, title: str) -> Any:
    """Density over relative age, and shares and flips by age in steps."""
    figure, (over, by_age) = _axes(title)
    bins = (np.arange(len(found.mean)) + 0.5) / len(found.mean)
    over.fill_between(bins, found.low, found.high, alpha=0.25, linewidth=0)
    over.plot(bins, found.mean, label=f"by {found.by}, 95 % interval")
    over.axhline(1, color="gray", linewidth=0.8, linestyle=":", label="uniform")
    over.set(xlim=(0, 1), ylim=(0, None), ylabel="recall density")
    over.set_xlabel("place in the episode (0 first frame, 1 decision)")
    by_age.plot(100 * found.share_by_age, label=f"share of the density, by {found.by}")
    if found.flipped:
        by_age.plot(100 * found.flips_by_age, "--", label="decisions that it flips")
    return _finish(figure, by_age, over)


def contamination(found: Contamination, title: str) -> Any:
    """Flipped decisions and changed advantages by age in steps."""
    figure, (flips, change) = _axes(title)
    flips.plot(100 * found.flips_by_age, label="decisions that flip")
    change.plot(found.change_by_age, label="change of advantages, relative")
    return _finish(figure, flips, change)


def _axes(title: str) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, and for figures only

    figure = Figure((9, 3.4), layout="constrained")
    figure.suptitle(title, fontsize=10)
    return figure, figure.subplots(1, 2)


def _finish(figure: Any, percent: Any, other: Any) -> Any:
    """Labels what both figures have; the first axis counts in percent."""
    percent.set_ylabel("%")
    for axis in (percent, other):
        axis.set_ylim(0, None)
        if not axis.get_xlabel():
            axis.set_xlabel("steps from the frame to the decision")
        axis.legend(frameon=False, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def _pictures(
    frames: Float[np.ndarray, "frames side side 3"],
    heat: Sequence[Float[np.ndarray, "_ rows columns"]],
    titles: Sequence[str],
    *,
    cmap: str,
    label: str,
) -> Any:
    """A row of frames, and a row of heat for each decision."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, and for figures only

    columns, rows = len(frames), 1 + len(heat)
    figure = Figure((_INCH * columns + 0.6, _INCH * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    for axis, frame, title in zip(axes[0], frames, titles, strict=True):
        axis.imshow(frame)
        axis.set_title(title, fontsize=9)
    most = max(float(one.max()) for one in heat) or 1.0
    image: Any = None
    for row, one in zip(axes[1:], heat, strict=True):
        for axis, values in zip(row, one, strict=False):
            image = axis.imshow(values, cmap=cmap, vmin=0, vmax=most)
    bar = figure.colorbar(image, ax=axes[1:].ravel().tolist(), pad=0.01)
    bar.set_label(label, fontsize=8)
    return figure
