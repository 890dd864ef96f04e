"""Tables that scroll by themselves where they are wider than the page."""

from collections.abc import Sequence

from arcade_gym.report.charts import swatch
from arcade_gym.report.markup import Markup, element, joined
from arcade_gym.report.runs import Run


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    name: str = "",
) -> Markup:
    """A table whose first column names the rows.

    Args:
        headings: of all columns.
        rows: their cells; a `<td>` is taken as it is.
        caption: says what is shown.
        name: class of the table.
    """
    head = element("tr", *map(_heading, headings, rows[0] if rows else headings))
    body = [
        element("tr", element("th", first, scope="row"), *map(_cell, others))
        for first, *others in rows
    ]
    content = element("thead", head), element("tbody", *body)
    shown = element("table", *content, class_=name or None)
    # Scrolled by keys as well, and named for readers of screens. What is said of the
    # table stays where it is.
    scrolled = element(
        "div", shown, class_="scroll", tabindex=0, role="region", aria_label=caption
    )
    return element("figure", scrolled, element("figcaption", caption), class_="framed")


def _heading(text: str, cell: str) -> Markup:
    """Stands above its column, whose first cell is given."""
    is_number = isinstance(cell, Markup) and cell.startswith('<td class="number')
    return element("th", text, scope="col", class_="number" if is_number else None)


def _cell(content: str) -> Markup:
    is_cell = isinstance(content, Markup) and content.startswith("<td")
    return Markup(content) if is_cell else element("td", content)


def run_name(run: Run) -> Markup:
    """The name of a run beside its color."""
    return joined(swatch(run.number), run.name)


def number(text: str) -> Markup:
    """A cell whose digits stand below each other."""
    return element("td", text, class_="number")


def signed(value: int | float, digits: int = 3) -> str:
    """A number with a true minus."""
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
