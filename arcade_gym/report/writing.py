"""The page as one file that needs nothing else."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from arcade_gym.films import film
from arcade_gym.report.controls import player_card
from arcade_gym.report.curves import curves
from arcade_gym.report.markup import Markup, element, joined
from arcade_gym.report.memory import Memory, look_inside
from arcade_gym.report.overview import overview
from arcade_gym.report.players import player
from arcade_gym.report.recall import recall
from arcade_gym.report.results import Judged, judged
from arcade_gym.report.returns import returns
from arcade_gym.report.runs import Run, load_runs
from arcade_gym.report.settings import Settings, Shown, silently
from arcade_gym.whole_files import replacing
from jax_core.version import __version__

SUFFIXES = (".html", ".htm")


def write_report(
    paths: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    study: Markup | None = None,
    shown: Shown = silently,
) -> Path:
    """Measures runs and writes the page about them.

    Args:
        paths: folders of the runs.
        out: the page, .html; it is replaced when the new one is complete.
        settings: what is measured; None is `Settings()`.
        study: sections about more runs, which the page ends with; it has to be HTML
            without scripts and styles, as `arcade_gym.study.reports.fragment` gives it.
        shown: passes on what is worked at, and may say how far it is.

    Raises:
        FileNotFoundError: a run is not there.
        ValueError: as `load_runs` and `check_out`.
        OSError: the page cannot be written.
    """
    out, settings = Path(out), settings or Settings()
    check_out(out)
    runs = load_runs([Path(path) for path in paths], settings.network)
    results = [judged(run, settings) for run in shown(runs, len(runs), "runs judged")]
    memories = [look_inside(run, settings, shown) for run in runs]
    players = [
        player(run, memory, settings, shown)
        for run, memory in zip(runs, memories, strict=True)
    ]
    page = _page(runs, results, memories, players, settings, study or Markup())
    with replacing(out) as file:
        file.write(page.encode())
    return out


def check_out(out: Path) -> None:
    """Refuses a page that cannot be written; creates and changes nothing.

    Raises:
        ValueError: another suffix, or nothing can be written there.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"a report ends in {' or '.join(SUFFIXES)}, got {str(out)!r}; name it: "
            "--out report.html"
        )
    film.check_writable(out)


def _page(
    runs: Sequence[Run],
    results: Sequence[Judged],
    memories: Sequence[Memory],
    players: Sequence[Any],
    settings: Settings,
    study: Markup,
) -> str:
    style, script = _asset("report.css"), _asset("report.js")
    names = ", ".join(run.name for run in runs)
    return Template(_asset("template.html")).substitute(
        policy=_policy(style, script),
        title=joined(f"Report: {names}"),
        lead=joined(_lead(runs, memories)),
        style=style,
        script=script,
        overview=overview(runs, results),
        curves=curves(runs),
        returns=returns(runs, results),
        players=_cards(runs, memories, settings),
        recall=recall(runs, memories),
        study=_study(study),
        study_link=element("a", "Study", href="#study") if study else "",
        data=_data(runs, players),
    )


def _policy(style: str, script: str) -> str:
    """What the browser may do with the page: show it, and load nothing."""
    return (
        "default-src 'none'; img-src data:; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _asset(name: str) -> str:
    return resources.files("arcade_gym.report").joinpath(name).read_text("utf-8")


def _lead(runs: Sequence[Run], memories: Sequence[Memory]) -> str:
    count = len(memories[0].episodes)
    today = datetime.now(UTC).date().isoformat()
    steps = max(len(one) for memory in memories for one in memory.episodes)
    first = memories[0].episodes[0].seed
    plural = "s" if len(runs) > 1 else ""
    return (
        f"{len(runs)} run{plural}, written on {today} by arcade-gym {__version__}. "
        f"Memory was measured on {count} greedy episodes of each agent in the view of "
        f"its training, seeds {first} and up, cut after {steps} steps at most."
    )


def _cards(
    runs: Sequence[Run], memories: Sequence[Memory], settings: Settings
) -> Markup:
    cards = []
    for run, memory in zip(runs, memories, strict=True):
        seeds = [int(one.seed or 0) for one in memory.episodes[: settings.shown]]
        scores = "probabilities" if run.config.is_policy else "Q-values"
        cards.append(player_card(run, seeds, scores))
    return element("div", *cards, class_="players")


def _study(sections: Markup) -> Markup:
    if not sections:
        return sections
    return element("div", sections, id="study")


def _data(runs: Sequence[Run], players: Sequence[Any]) -> Markup:
    """JSON inside a script; without `<`, which could end it."""
    named = [{"name": run.name, **one} for run, one in zip(runs, players, strict=True)]
    text = json.dumps(named, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))
