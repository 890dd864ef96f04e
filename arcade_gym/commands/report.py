"""Writes one page about runs: `arcade-gym report runs/a runs/b --out report.html`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import arg

from arcade_gym.baselines.evaluation import TEST_SEED
from arcade_gym.commands import compilation_cache, progress
from arcade_gym.commands.flags import NUMBERS
from arcade_gym.commands.running import fail
from arcade_gym.report import Settings, check_out, write_report
from arcade_gym.report.markup import Markup

_ABOUT = """\
Writes one page about runs, side by side.

Settings, curves, returns, episodes with what decisions look at, and memory.

  arcade-gym report runs/a
  arcade-gym report runs/a runs/b --out report.html
  arcade-gym report results/x/*-gru-s0 --study results/x

The page opens in any browser and loads nothing from elsewhere.
"""


@dataclass(frozen=True)
class _Options:
    runs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, arg(metavar="RUN [RUN ...]")
    ]
    """folders of the runs"""
    out: Annotated[Path, arg(metavar="FILE")] = Path("report.html")
    """the page; one that is there is replaced"""
    episodes: Annotated[int, arg(metavar="N")] = 100
    """of each run that memory is measured on; intervals want a hundred or more"""
    shown: Annotated[int, arg(metavar="N")] = 2
    """of them, that can be looked at frame by frame"""
    max_steps: Annotated[int, arg(metavar="N")] = 63
    """of an episode, which is then cut; 63 steps are 64 frames"""
    kind: Annotated[str, arg(metavar="NAME")] = "noise"
    """of contamination: noise, other_view, black, swap, reverse or shuffle"""
    target: Annotated[str, arg(metavar="NAME")] = "sum_abs"
    """of gradients: sum_abs, value, chosen, advantage or policy"""
    seed: Annotated[int, arg(metavar="N")] = TEST_SEED
    """of the first episode"""
    network: Annotated[str, arg(metavar="NAME")] = "best"
    """best (of the evaluations during training) or last"""
    study: Annotated[Path | None, arg(metavar="DIR")] = None
    """folder of a study, whose tables end the page"""


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the page that the command line asks for.

    Returns:
        The exit code: 0, 1 where the page could not be written, 2 where something
        cannot be used. Then a page that was there is as it was.
    """
    options = tyro.cli(
        _Options,
        prog="arcade-gym report",
        description=_ABOUT,
        args=list(sys.argv[1:] if argv is None else argv),
        registry=NUMBERS,
    )
    try:
        settings = _settings(options)
        check_out(options.out)
        study = _tables_of(options.study) if options.study else None
        compilation_cache.enable()
        write_report(
            options.runs, options.out, settings, study=study, shown=progress.shown
        )
    except (ImportError, OSError, ValueError) as error:
        return fail("report", error)
    print(f"Wrote {options.out}; open it in a browser")
    return 0


def _tables_of(folder: Path) -> Markup:
    from arcade_gym.study.reports import fragment  # noqa: PLC0415  # few ask for it

    return Markup(fragment(folder))


def _settings(options: _Options) -> Settings:
    return Settings(
        episodes=options.episodes,
        shown=min(options.shown, options.episodes),
        max_steps=options.max_steps,
        kind=options.kind,
        target=options.target,
        seed=options.seed,
        network=options.network,
    )
