"""`arcade-gym study report`: tables and figures of the cells that are done."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import arg

from arcade_gym.baselines.runs.judging import GREEDY, LAST
from arcade_gym.commands.flags import FLAGS
from arcade_gym.commands.running import fail
from arcade_gym.study import reports, writing

_ABOUT = """\
Compares the runs of a study that have ended: tables and figures.

  arcade-gym study report results
  arcade-gym study report results --human mine.jsonl --format csv figures

Human rows come from what `arcade-gym play --log FILE` writes.
"""


@dataclass(frozen=True, kw_only=True)
class _Options:
    folder: Annotated[Path, tyro.conf.Positional, arg(metavar="DIR")]
    """of the study"""
    out: Annotated[Path | None, arg(metavar="DIR")] = None
    """folder of the report; none: report in the folder of the study"""
    format: Annotated[tuple[str, ...], arg(metavar="NAME ...")] = reports.FORMATS
    """csv, markdown, latex, html and figures; report.md is always written"""
    network: Annotated[str, arg(metavar="NAME")] = LAST
    """last, or best of the evaluations during training"""
    policy: Annotated[str, arg(metavar="NAME")] = GREEDY
    """greedy, or sampled, which PPO alone is judged with"""
    human: Annotated[tuple[Path, ...], arg(metavar="FILE ...")] = ()
    """logs of people"""


def main(argv: Sequence[str]) -> int:
    """Writes the report and prints the aggregates.

    Returns:
        The exit code: 0, 1 where nothing can be written, 2 where something cannot be
        used.
    """
    options = tyro.cli(
        _Options,
        prog="arcade-gym study report",
        description=_ABOUT,
        args=list(argv),
        config=FLAGS,
    )
    out = options.out or options.folder / "report"
    try:
        written = reports.write(
            options.folder,
            out,
            formats=options.format,
            network=options.network,
            policy=options.policy,
            logs=options.human,
        )
    except (ImportError, OSError, ValueError) as error:
        return fail("study report", error)
    print("\n".join(writing.as_markdown(table) for table in written.tables))
    if written.unfinished:
        print(f"left out, because not ended: {len(written.unfinished)} runs")
    print(f"wrote {len(written.files)} files to {out}")
    return 0
