"""Picture of our games beside the published package."""

from pathlib import Path
from typing import Any


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draws two bars for each game, and their ratio or why there is none."""
    import matplotlib  # noqa: PLC0415  # optional, for the picture only

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415  # as above

    places = range(len(rows))
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.42 * len(rows)), dpi=110)
    ours = [row["ours"]["median"] for row in rows]
    theirs = [_rate(row["peer"]) for row in rows]
    labels = (f"ours, {rows[0]['ours']['lanes']}", f"published, {rows[0]['lanes']}")
    axes.barh([y - 0.2 for y in places], ours, 0.38, label=f"{labels[0]} environments")
    axes.barh(
        [y + 0.2 for y in places], theirs, 0.38, label=f"{labels[1]} environments"
    )
    for y, row, rate in zip(places, rows, theirs, strict=True):
        if rate:
            ours_end = row["ours"]["median"]
            axes.text(ours_end, y - 0.2, f" {ratio_text(row)}", va="center")
        else:
            left = axes.get_yaxis_transform()  # x in shares of the width
            axes.text(0.01, y + 0.2, "n/a", va="center", transform=left)
    axes.set(xscale="log", xlabel="frames/s, every frame written and read")
    axes.set_xlim(min(rate for rate in ours + theirs if rate) / 3, 4 * max(ours))
    axes.set_yticks(places, [row["id"] for row in rows])
    axes.invert_yaxis()
    figure.legend(loc="upper center", ncols=2, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.3 / figure.get_figheight()))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)
    print(f"Wrote {path}")


def ratio_text(row: dict[str, Any]) -> str:
    """The ratio as it is printed and drawn."""
    return "n/a" if row["ratio"] is None else f"{row['ratio']:,.0f}x"


def _rate(peer: dict[str, Any]) -> float:
    return peer["ways"][peer["best"]]["median"] if peer["best"] else 0.0
