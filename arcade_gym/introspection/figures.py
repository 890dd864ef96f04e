"""Figures; the only module here that imports matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

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
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = list(heat) if mode == "grid" else [heat[-1]]
    columns, rows = len(heat), 1 + len(shown)
    with mpl.rc_context({"text.usetex": use_latex}):
        figure = Figure((_INCH * columns + 0.6, _INCH * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for axis in axes.ravel():
            axis.set_axis_off()
        for step in range(columns):
            axes[0, step].imshow(frames[step])
            axes[0, step].set_title(f"$o_{{{step}}}$", fontsize=9)
        most = max(float(one.max()) for one in shown) or 1.0
        image: Any = None
        for row, one in enumerate(shown, 1):
            for step, values in enumerate(one):
                image = axes[row, step].imshow(values, cmap=cmap, vmin=0, vmax=most)
        bar = figure.colorbar(image, ax=axes[1:].ravel().tolist(), pad=0.01)
        bar.set_label("absolute gradient", fontsize=8)
    return figure
