"""The report of a study: tables in several formats, figures, and a page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arcade_gym.baselines.agent import NETWORKS
from arcade_gym.baselines.runs.judging import GREEDY, LAST, SAMPLED
from arcade_gym.study import figures, humans, results, tables, writing
from arcade_gym.study.comparison import by_algorithm
from arcade_gym.study.folder import make_folder
from arcade_gym.study.results import Results
from arcade_gym.study.tables import Table
from arcade_gym.whole_files import replacing
from jax_core.registry import unknown

FIGURES = "figures"
FORMATS = (*writing.FORMATS, FIGURES)
PAGE = "report.md"


@dataclass(frozen=True)
class Written:
    """A report.

    Attributes:
        tables: of levels, of aggregates, and beside the paper's.
        files: all that was written.
        unfinished: runs that are left out because they have not ended.
    """

    tables: tuple[Table, ...]
    files: tuple[Path, ...]
    unfinished: tuple[Path, ...]


def write(
    folder: Path,
    out: Path,
    *,
    formats: Sequence[str] = FORMATS,
    network: str = LAST,
    policy: str = GREEDY,
    logs: Sequence[Path] = (),
) -> Written:
    """Reads a study and writes its report.

    Args:
        folder: of the study.
        out: folder for the report; files of an earlier one are replaced.
        formats: some of `FORMATS`.
        network: "last", or "best" of the evaluations during training.
        policy: "greedy", or "sampled", which PPO alone is judged with.
        logs: of `arcade-gym play --log`, for rows of people.

    Raises:
        FileNotFoundError: there is no study, no ended run or no such log.
        ValueError: an unknown name, or runs that cannot be compared.
        OSError: the folder cannot be written.
    """
    for what, name, known in (
        *(("format", name, FORMATS) for name in formats),
        ("network", network, NETWORKS),
        ("policy", policy, (GREEDY, SAMPLED)),
    ):
        if name not in known:
            raise ValueError(unknown(what, name, known))
    found = results.read(folder)
    comparisons = list(by_algorithm(found.records, network=network, policy=policy))
    played = humans.read(logs)
    made = (
        tables.of_levels(comparisons, played),
        tables.over_levels(comparisons, played),
        tables.beside_published(comparisons, played),
    )
    make_folder(out)
    files = _write_tables(made, out, formats)
    if FIGURES in formats:
        files += figures.save_all(comparisons, out)
    page = out / PAGE
    with replacing(page) as file:
        text = _page(made, found, files, f"{network} network, {policy}")
        file.write(text.encode())
    return Written(made, (page, *files), found.unfinished)


def fragment(folder: Path) -> str:
    """The tables of a study as HTML, to be put into a page.

    Raises:
        FileNotFoundError: there is no study, or no ended run.
        ValueError: runs that cannot be compared.
    """
    comparisons = list(by_algorithm(results.read(folder).records))
    makers = (tables.of_levels, tables.over_levels, tables.beside_published)
    return "".join(writing.as_html(make(comparisons, {})) for make in makers)


def _write_tables(
    made: Sequence[Table], out: Path, formats: Sequence[str]
) -> list[Path]:
    files: list[Path] = []
    for name in formats:
        if name == FIGURES:
            continue
        ending, write_table = writing.FORMATS[name]
        for table in made:
            path = out / f"{table.name}.{ending}"
            with replacing(path) as file:
                file.write(write_table(table).encode())
            files.append(path)
    return files


def _page(
    made: Sequence[Table], found: Results, files: Sequence[Path], judged: str
) -> str:
    parts = ["# Study\n", f"{len(found.records)} runs have ended; {judged}.\n"]
    if found.unfinished:
        names = ", ".join(path.name for path in found.unfinished)
        parts.append(f"Left out, because they have not ended: {names}.\n")
    parts += [writing.as_markdown(table) for table in made]
    parts += [
        f"![{path.stem}]({path.name})\n" for path in files if path.suffix == ".png"
    ]
    return "\n".join(parts)
