"""What the site adds to `docs/`: pages that lie elsewhere in the repository.

MkDocs calls the functions (`hooks` in mkdocs.yml).
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent

# Pages of the site by their place in the repository.
PAGES = {
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: Any) -> Files:
    """Adds the pages from outside of `docs/`."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text()
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Makes links of the repository links of the site.

    A link to a file that the site does not have becomes plain text.
    """
    here = page.file.src_uri
    inverse = {target: source for source, target in PAGES.items()}
    folder = posixpath.dirname(inverse.get(here, f"docs/{here}"))
    return _LINK.sub(lambda link: _relinked(link, folder, here), markdown)


def _relinked(link: re.Match[str], folder: str, here: str) -> str:
    image, text, target, anchor = link.groups()
    if not target or ":" in target:
        return link[0]
    path = posixpath.normpath(posixpath.join(folder, target))
    page = PAGES.get(path) or (path[5:] if path.startswith("docs/") else None)
    if page is None:
        return text
    place = posixpath.relpath(page, posixpath.dirname(here) or ".")
    return f"{image}[{text}]({place}{anchor or ''})"
