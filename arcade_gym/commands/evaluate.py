"""Judges trained agents: `arcade-gym evaluate runs/*`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from tyro.conf import arg

from arcade_gym.baselines.agent import Agent, load_agent
from arcade_gym.baselines.evaluation import (
    TEST_SEED,
    EpisodeTable,
    cross_evaluate,
    evaluation_seeds,
)
from arcade_gym.baselines.watching import watch_agent
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.flags import NUMBERS
from arcade_gym.commands.running import fail, refuse
from arcade_gym.films import film, recording
from arcade_gym.whole_files import WriteError, replacing
from jax_core.game import Visibility

Tables = dict[Visibility, EpisodeTable]

_HEADINGS = ("run", "level", "trained in", "learner", "memory", "full view", "partial")


_ABOUT = """\
Plays complete episodes of fixed seeds in both views and prints mean returns.

  arcade-gym evaluate runs/*
  arcade-gym evaluate runs/a --film agent.gif --json a.json

The seeds are those of the judgement at the end of a run.

The episode of a seed is the one that `arcade-gym play --seed` plays.
"""


@dataclass(frozen=True)
class _Options:
    runs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, arg(metavar="DIR [DIR ...]")
    ]
    """folders of the runs"""
    episodes: Annotated[int, arg(metavar="N")] = 256
    """of each run in each view"""
    network: Annotated[str, arg(metavar="NAME")] = "best"
    """best (of the evaluations during training) or last"""
    sample: bool = False
    """draws the actions of PPO from its policy instead of taking the best"""
    json: Annotated[Path | None, arg(metavar="FILE")] = None
    """file for the returns of all episodes"""
    film: Annotated[Path | None, arg(metavar="FILE")] = None
    """film of one episode of the agent, both views side by side; .gif or .mp4"""
    film_seed: Annotated[int, arg(metavar="N")] = TEST_SEED
    """of the episode in the film"""


def main(argv: Sequence[str] | None = None) -> int:
    """Evaluates what the command line asks for.

    Returns:
        The exit code: 0, 1 where a file could not be written, 2 where something cannot
        be used.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = tyro.cli(
        _Options,
        prog="arcade-gym evaluate",
        description=_ABOUT,
        args=arguments,
        registry=NUMBERS,
    )
    try:
        _check(options)
        agents = [load_agent(path, options.network) for path in options.runs]
        if options.sample:
            _check_policies(options.runs, agents)
    except (FileNotFoundError, ImportError, ValueError) as error:
        return refuse("evaluate", error)
    compilation_cache.enable()
    try:
        _judge(options, agents)
    except WriteError as error:
        return fail("evaluate", error)
    return 0


def _check(options: _Options) -> None:
    if not options.runs:
        raise ValueError("name the folder of a run: arcade-gym evaluate DIR")
    if options.episodes < 1:
        raise ValueError(f"episodes must be at least 1, got {options.episodes}")
    if options.json is not None:
        film.check_writable(options.json)
    if options.film is not None:
        film.check_path(options.film)
        if len(options.runs) > 1:
            raise ValueError(
                f"a film is of one run, got {len(options.runs)}; name one of them"
            )


def _check_policies(paths: Sequence[Path], agents: Sequence[Agent]) -> None:
    for path, agent in zip(paths, agents, strict=True):
        if not agent.config.is_policy:
            raise ValueError(
                f"{path} is of {agent.config.algorithm}, whose values are no "
                "probabilities to draw from; leave out --sample"
            )


def _judge(options: _Options, agents: Sequence[Agent]) -> None:
    """Prints a line as soon as it is known, then writes the files."""
    seeds = evaluation_seeds(options.episodes)
    width = max(len(str(path)) for path in options.runs)
    print(_line(_HEADINGS, width))
    judged = []
    for path, agent in zip(options.runs, agents, strict=True):
        config = agent.config
        # The network alone: programs are shared by agents that differ in nothing else.
        tables = cross_evaluate(
            agent.network,
            config.env_id,
            config.obs_size,
            seeds=seeds,
            sample=options.sample,
        )
        print(_line(_cells(path, agent, tables), width), flush=True)
        judged.append(tables)
    way = "sampled" if options.sample else "greedy"
    print(f"mean return ± standard error, {options.episodes} {way} episodes")
    if options.json is not None:
        with replacing(options.json) as file:
            content = _content(options.runs, judged)
            file.write((json.dumps(content) + "\n").encode())
    if options.film is not None:
        _film(options.film, agents[0], options.film_seed)


def _line(cells: Sequence[str], width: int) -> str:
    first, *others = cells
    widths = (20, 10, 7, 14, 13, 13)
    columns = [f"{cell:<{w}}" for cell, w in zip(others, widths, strict=True)]
    return "  ".join([f"{first:<{width}}", *columns]).rstrip()


def _cells(path: Path, agent: Agent, tables: Tables) -> list[str]:
    config = agent.config
    means = [
        f"{tables[view].mean:.3f} ± {_standard_error(tables[view]):.3f}"
        for view in Visibility
    ]
    names = [config.env_id, config.view, config.algorithm, config.memory]
    return [str(path), *names, *means]


def _standard_error(table: EpisodeTable) -> float:
    """Of the mean return; nan for one episode."""
    count = len(table)
    return float(np.std(table.returns, ddof=1) / count**0.5) if count > 1 else np.nan


def _content(paths: Sequence[Path], judged: Sequence[Tables]) -> Any:
    """Of one run the views; of several a list of such, with their folders."""
    records = [
        {
            str(view): {"mean": table.mean, "returns": table.returns.tolist()}
            for view, table in tables.items()
        }
        for tables in judged
    ]
    if len(records) == 1:
        return records[0]
    named = zip(paths, records, strict=True)
    return [{"run": str(path), **record} for path, record in named]


def _film(path: Path, agent: Agent, seed: int) -> None:
    config = agent.config
    caption = f"{config.env_id}: full view, partial view; it sees the {config.view} one"
    recording.save(path, watch_agent(agent, seed), columns=2, caption=caption)
    print(f"Wrote {path}")
