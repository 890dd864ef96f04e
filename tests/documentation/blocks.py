"""The code of the documentation, and how each block of it is run.

A comment above a block says what a test does differently from a reader:

    <!-- not run: WHY -->                             leaves the block out
    <!-- lines not run: `pip install`, WHY -->        leaves lines out that begin so
    <!-- run with: `200_000` as `64`, `512` as `32` -->   small settings
    <!-- file: lamp.py -->                            is written there before all others
    <!-- needs: torchrl -->                           runs alone, where it is installed
"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
LANGUAGES = {"python": "python", "py": "python"} | dict.fromkeys(
    ("bash", "sh", "shell", "console"), "bash"
)

_BLOCK = re.compile(
    r"(?P<notes>(?:<!--[^>]*-->\n+)*)```(?P<language>\w+)[^\n]*\n(?P<source>.*?)```",
    re.DOTALL,
)
_NOTE = re.compile(
    r"<!-- (not run|lines not run|run with|file|needs): (.*?) -->", re.DOTALL
)
_LINES = re.compile(r"`([^`]+)`, ([^;]+)")
_SETTING = re.compile(r"`([^`]+)` as `([^`]*)`")


class Block(NamedTuple):
    """One block of code.

    Attributes:
        place: page and number of the block in it.
        language: "python" or "bash".
        source: as it is read.
        reason: why it is not run; "" if it is.
        omitted: beginnings of lines that are not run, and why.
        settings: what is replaced, and by what.
        file: name of the file that it is; "" if it is none.
        needs: distributions without which it cannot run.
    """

    place: str
    language: str
    source: str
    reason: str
    omitted: dict[str, str]
    settings: dict[str, str]
    file: str
    needs: tuple[str, ...]

    @property
    def runnable(self) -> str:
        """The source with small settings and without lines that are not run."""
        source = self.source
        for before, after in self.settings.items():
            source = source.replace(before, after)
        kept = [
            line
            for line in source.splitlines()
            if not line.startswith(tuple(self.omitted))
        ]
        return "\n".join(kept)


def read(page: Path) -> list[Block]:
    """All blocks of a page in Python or for a shell."""
    found = _BLOCK.finditer(page.read_text())
    return [
        _block(f"{page.relative_to(ROOT)}-{number}", match)
        for number, match in enumerate(found, 1)
        if match["language"] in LANGUAGES
    ]


def _block(place: str, match: re.Match[str]) -> Block:
    notes = dict(_NOTE.findall(match["notes"]))
    return Block(
        place=place,
        language=LANGUAGES[match["language"]],
        source=match["source"],
        reason=notes.get("not run", ""),
        omitted=dict(_LINES.findall(notes.get("lines not run", ""))),
        settings=dict(_SETTING.findall(notes.get("run with", ""))),
        file=notes.get("file", ""),
        needs=tuple(notes.get("needs", "").split()),
    )
