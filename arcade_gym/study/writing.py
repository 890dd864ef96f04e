"""Tables as CSV, Markdown, LaTeX and HTML. Nothing here needs LaTeX or a browser."""

import csv
import html
import io
import math
from collections.abc import Callable

from arcade_gym.study.statistics import Estimate
from arcade_gym.study.tables import Cell, Table

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def as_csv(table: Table) -> str:
    """Full precision; an estimate takes three columns: value, low, high."""
    wide = [
        any(isinstance(row[i], Estimate) for row in table.rows)
        for i in range(len(table.header))
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names: list[str] = []
    for name, is_wide in zip(table.header, wide, strict=True):
        names += [name, f"{name} low", f"{name} high"] if is_wide else [name]
    writer.writerow(names)
    for row in table.rows:
        cells: list[str] = []
        for cell, is_wide in zip(row, wide, strict=True):
            cells += _numbers(cell) if is_wide else [_plain(cell)]
        writer.writerow(cells)
    return out.getvalue()


def as_markdown(table: Table) -> str:
    """A heading, a table of pipes and the note."""
    lines = [_piped(table.header), _piped(["---"] * len(table.header))]
    lines += [_piped([words(cell) for cell in row]) for row in table.rows]
    body = "\n".join(lines)
    return f"## {table.title}\n\n{body}\n\n{table.note}\n"


def as_latex(table: Table) -> str:
    """A `table` that needs no package."""
    columns = "".join("l" if _is_text(table, i) else "r" for i in _columns(table))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_escaped(f'{table.title}. {table.note}')}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        _latex_line(list(table.header)),
        r"\hline",
        *(_latex_line([words(cell) for cell in row]) for row in table.rows),
        r"\hline",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def as_html(table: Table) -> str:
    """A `section` with heading, table and note, to be put into a page."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.header)
    rows = "\n".join(f"<tr>{_html_cells(table, row)}</tr>" for row in table.rows)
    return (
        f'<section id="study-{table.name}">\n<h2>{html.escape(table.title)}</h2>\n'
        f'<figure class="framed"><div class="scroll" tabindex="0" role="region"'
        f' aria-label="{html.escape(table.title)}">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n"
        f"</table>\n</div><figcaption>{html.escape(table.note)}</figcaption></figure>\n"
        "</section>\n"
    )


FORMATS: dict[str, tuple[str, Callable[[Table], str]]] = {
    "csv": ("csv", as_csv),
    "markdown": ("md", as_markdown),
    "latex": ("tex", as_latex),
    "html": ("html", as_html),
}
"""Ending of the file and writer, by name."""


def words(cell: Cell) -> str:
    """A cell for readers: three digits, and the interval in brackets."""
    if isinstance(cell, Estimate):
        value = _rounded(cell.value)
        if math.isnan(cell.low):
            return value
        return f"{value} [{_rounded(cell.low)}, {_rounded(cell.high)}]"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return _rounded(cell)
    return cell or ""


def _rounded(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.3f}".replace("-0.000", "0.000")


def _numbers(cell: Cell) -> list[str]:
    if isinstance(cell, Estimate):
        return [_plain(number) for number in cell[:3]]
    return [_plain(cell), "", ""]


def _plain(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return repr(cell) if isinstance(cell, float) else str(cell)


def _piped(cells: "list[str] | tuple[str, ...]") -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _columns(table: Table) -> range:
    return range(len(table.header))


def _is_text(table: Table, column: int) -> bool:
    return any(isinstance(row[column], str) and row[column] for row in table.rows)


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _latex_line(cells: list[str]) -> str:
    return " & ".join(_escaped(cell) for cell in cells) + r" \\"


def _html_cells(table: Table, row: tuple[Cell, ...]) -> str:
    return "".join(
        f'<td class="{"text" if _is_text(table, i) else "number"}">'
        f"{html.escape(words(cell))}</td>"
        for i, cell in enumerate(row)
    )
