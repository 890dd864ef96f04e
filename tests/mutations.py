"""Breaks the code on purpose, one change at a time, and sees a test fail each time.

    python tests/mutations.py                   all changes
    python tests/mutations.py Tetris Renderer   those of some parts

The changes are in mutations.toml; the rows of docs/mutations.md for these parts are
written anew. Works on a temporary copy of the tree, whose tests should pass. A change
that no test notices makes the command fail, and so does one that only crashes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "mutations.toml"
PAGE = ROOT / "docs" / "mutations.md"
_NOTHING_CHOSEN = 5  # pytest's exit code
NOTICED = r"^FAILED (.+?) - (?:[aA]ssert|Failed: DID NOT RAISE|\S*KeyReuseError)"
KEYWORDS = {"rules": "", "views": "view or pixels"}  # of pytest's -k


class Mutation(NamedTuple):
    """One change, and where the test that should notice it is."""

    part: str
    what: str
    old: str  # occurs once in the file
    new: str
    file: str
    tests: str  # a glob
    keyword: str


class Row(NamedTuple):
    """A change and the first test that failed with it."""

    part: str
    what: str
    failed: str


def main(parts):
    mutations = read_table()
    known = list(dict.fromkeys(mutation.part for mutation in mutations))
    if unknown := set(parts) - set(known):
        sys.exit(f"No such part: {', '.join(unknown)}. All: {', '.join(known)}")
    chosen = [m for m in mutations if not parts or m.part in parts]
    noticed = list(run(chosen))
    redone = {mutation.part for mutation in chosen}
    kept = [row for row in read_page() if row.part not in redone]
    rows = sorted(kept + noticed, key=lambda row: known.index(row.part))
    PAGE.write_text(page(rows))
    if missed := len(chosen) - len(noticed):
        sys.exit(f"No test noticed {missed} of {len(chosen)} changes")


def run(mutations):
    """Yields the rows of the changes that a test notices."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        hidden_and_cached = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, tree, ignore=hidden_and_cached)
        for mutation in mutations:
            failed = failing_test(tree, mutation)
            print(mutation.part, mutation.what, failed, sep=" | ", flush=True)
            if failed is not None:
                yield Row(mutation.part, mutation.what, failed)


def read_table():
    return [
        Mutation(
            part, *change, entry["file"], entry["tests"], entry.get("only", keyword)
        )
        for part, entry in tomllib.loads(TABLE.read_text()).items()
        for kind, keyword in KEYWORDS.items()
        for change in entry.get(kind, [])
    ]


def failing_test(tree, mutation):
    """Name of the first test whose assertion fails with a change, or None."""
    path = tree / mutation.file
    text = path.read_text()
    if (count := text.count(mutation.old)) != 1:
        sys.exit(f"{mutation.file} has {mutation.old!r} {count} times, not once")
    path.write_text(text.replace(mutation.old, mutation.new))
    try:
        return first_failure(tree, mutation)
    finally:
        path.write_text(text)


def first_failure(tree, mutation):
    """Asks the tests that everybody runs first, then those of CI."""
    for marks in ("not slow and not long", "slow"):
        if (failed := _first_of(tree, mutation, marks)) is not None:
            return failed
    return None


def _first_of(tree, mutation, marks):
    tests = sorted(str(path.relative_to(tree)) for path in tree.glob(mutation.tests))
    options = ["-x", "-n", "0", "--tb=no", "-k", mutation.keyword, "-m", marks]
    settings = {
        "PYTHONPATH": str(tree),
        "COLUMNS": "1000",  # keeps the reason of a failure in its line
        # Most functions stay as they are and need not be compiled again.
        "JAX_COMPILATION_CACHE_DIR": str(tree.parent / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.search(NOTICED, done.stdout, re.MULTILINE)
    if failed is None and done.returncode not in (0, _NOTHING_CHOSEN):
        print(done.stdout, done.stderr)
    return failed[1] if failed else None


def read_page():
    """Rows of the page as it is."""
    text = PAGE.read_text() if PAGE.exists() else ""
    return [
        Row(*row) for row in re.findall(r"^\| (.+) \| (.+) \| `(.+)` \|$", text, re.M)
    ]


def page(rows):
    """The page of the documentation."""
    lines = [
        "# Mutations",
        "",
        "Deliberate breaks, one at a time, and the first test that failed with each.",
        "`python tests/mutations.py` makes them again and writes this page; the",
        "changes themselves are in `tests/mutations.toml`.",
        "",
        "| Part | Changed | Test that failed |",
        "|---|---|---|",
        *(f"| {row.part} | {row.what} | `{row.failed}` |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
