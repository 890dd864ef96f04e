"""Asks what an agent remembers: `arcade-gym introspect density runs/a`."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import tyro
from tyro.conf import arg

from arcade_gym.baselines.agent import Agent, load_agent
from arcade_gym.baselines.evaluation import TEST_SEED
from arcade_gym.commands import compilation_cache, findings, progress
from arcade_gym.commands.findings import Finding
from arcade_gym.commands.flags import NUMBERS
from arcade_gym.commands.running import fail
from arcade_gym.introspection import (
    Perturbation,
    Target,
    Trajectory,
    contaminate,
    density_of,
    record_trajectory,
)
from arcade_gym.introspection.density import MEASURES
from arcade_gym.introspection.naming import member
from arcade_gym.lanes.arguments import MAX_SEED
from jax_core import Environment
from jax_core.registry import unknown

_ABOUT = {
    "saliency": """\
Shows which pixels of the last frames a decision looks at.

  arcade-gym introspect saliency runs/a --out eye.gif eye.png
  arcade-gym introspect saliency runs/a --at 40 --by exchange --out eye.pdf

By gradient, of pixels, or by exchange of patches for those of other episodes.
""",
    "density": """\
Measures which frames of an episode its last decision goes back to.

  arcade-gym introspect density runs/a
  arcade-gym introspect density runs/a --by gradient --out paper.pdf paper.json

By exchange for a frame of another episode, or by gradient as the paper does.
""",
    "contamination": """\
Spoils frames that an agent has seen, and counts the decisions that change.

  arcade-gym introspect contamination runs/a
  arcade-gym introspect contamination runs/a --kind shuffle --out order.png
""",
}


@dataclass(frozen=True, kw_only=True)
class _Options(ABC):
    run: Annotated[str, tyro.conf.Positional, arg(metavar="RUN")]
    """folder of the run"""
    network: Annotated[str, arg(metavar="NAME")] = "best"
    """best (of the evaluations during training) or last"""
    view: Annotated[Literal["full", "partial"] | None, arg(metavar="NAME")] = None
    """full or partial: what the agent is shown; none: as in its training"""
    seed: Annotated[int, arg(metavar="N")] = TEST_SEED
    """of the first episode"""
    max_steps: Annotated[int, arg(metavar="N")] = 127
    """of an episode, which is then cut; 127 steps are 128 frames"""
    out: Annotated[tuple[Path, ...], arg(metavar="FILE [FILE ...]")] = ()
    """what to write, by suffix; none: a figure and numbers, or a film, named as the
    tool; files that are there are replaced"""

    tool: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = findings.FIGURES + findings.NUMBERS
    least: ClassVar[int] = 2  # episodes

    @property
    def files(self) -> tuple[Path, ...]:
        return self.out or (Path(f"{self.tool}.png"), Path(f"{self.tool}.json"))

    def check(self) -> None:
        """Refuses what cannot be, before anything is loaded."""
        _check_number("episodes", self.count, self.least, 100_000)
        _check_number("max-steps", self.max_steps, 1, 100_000)
        _check_number("seed", self.seed, 0, MAX_SEED + 1 - self.count)
        findings.check(self.files, self.suffixes)

    def record(self, agent: Agent, env: Environment) -> list[Trajectory]:
        seeds = range(self.seed, self.seed + self.count)
        played = (
            record_trajectory(agent.network, env, seed, max_steps=self.max_steps)
            for seed in seeds
        )
        return list(progress.shown(played, self.count, "episodes played"))

    def about(self, agent: Agent, env: Environment, **more: Any) -> dict[str, Any]:
        """What the numbers are of."""
        return {
            "run": Path(self.run).name,
            "level": agent.config.env_id.rpartition(":")[2],
            "trained": agent.config.view,
            "shown": str(env.visibility),
            "network": self.network,
            "seed": self.seed,
            "episodes": self.count,
            "max_steps": self.max_steps,
            **more,
        }

    @property
    @abstractmethod
    def count(self) -> int:
        """Episodes that are played."""

    @abstractmethod
    def find(self, agent: Agent, env: Environment) -> Finding: ...


@dataclass(frozen=True, kw_only=True)
class _Many(_Options):
    episodes: Annotated[int, arg(metavar="N")] = 100
    """that are played; intervals want a hundred or more"""

    @property
    def count(self) -> int:
        return self.episodes


@dataclass(frozen=True, kw_only=True)
class _Density(_Many):
    by: Annotated[str, arg(metavar="NAME")] = "exchange"
    """exchange or gradient"""
    target: Annotated[str, arg(metavar="NAME")] = "sum_abs"
    """of gradients: sum_abs, value, chosen, advantage or policy"""
    bins: Annotated[int, arg(metavar="N")] = 30
    """of the place in the episode"""

    tool = "density"

    def check(self) -> None:
        super().check()
        _check_measure(self.by, self.target)
        _check_number("bins", self.bins, 1, 1000)

    def find(self, agent: Agent, env: Environment) -> Finding:
        found = density_of(
            agent.network,
            self.record(agent, env),
            by=self.by,
            bins=self.bins,
            target=self.target,
            watch=_watched(self.count),
        )
        gradients = {"target": self.target} if self.by == "gradient" else {}
        about = self.about(agent, env, by=self.by, **gradients)
        return findings.of_density(found, about)


@dataclass(frozen=True, kw_only=True)
class _Contamination(_Many):
    kind: Annotated[str, arg(metavar="NAME")] = "noise"
    """of one frame: noise, other_view, black; of the order: swap, reverse, shuffle"""

    tool, least = "contamination", 1

    def check(self) -> None:
        super().check()
        member(Perturbation, self.kind)

    def find(self, agent: Agent, env: Environment) -> Finding:
        found = contaminate(
            agent.network,
            self.record(agent, env),
            self.kind,
            seed=self.seed,
            watch=_watched(self.count),
        )
        return findings.of_contamination(found, self.about(agent, env, kind=self.kind))


@dataclass(frozen=True, kw_only=True)
class _Saliency(_Options):
    by: Annotated[str, arg(metavar="NAME")] = "gradient"
    """gradient or exchange"""
    target: Annotated[str, arg(metavar="NAME")] = "sum_abs"
    """of gradients: sum_abs, value, chosen, advantage or policy"""
    at: Annotated[int | None, arg(metavar="FRAME")] = None
    """the frame whose decision a figure shows, from 0 on; none: the last one"""
    fps: Annotated[int, arg(metavar="N")] = 5
    """frames per second of a film, 1 to 50"""

    tool, least = "saliency", 1
    suffixes = findings.FILMS + findings.FIGURES + findings.NUMBERS

    @property
    def files(self) -> tuple[Path, ...]:
        return self.out or (Path("saliency.gif"), Path("saliency.png"))

    @property
    def count(self) -> int:
        """One, and some that frames are exchanged with."""
        return 1 if self.by == "gradient" else 8

    def check(self) -> None:
        _check_measure(self.by, self.target)
        super().check()
        _check_number("fps", self.fps, 1, 50)

    def find(self, agent: Agent, env: Environment) -> Finding:
        episodes = self.record(agent, env)
        last = len(episodes[0]) - 1
        at = last if self.at is None else self.at
        _check_number("at", at, 0, last)
        watch = _watched(len(episodes[0]), "decisions asked")
        about = self.about(agent, env, by=self.by, at=at)
        if self.by == "gradient":
            about["target"] = self.target
        return findings.of_saliency(agent.network, episodes, about, watch, self.fps)


TOOLS: dict[str, type[_Options]] = {
    kind.tool: kind for kind in (_Saliency, _Density, _Contamination)
}

_USAGE = f"""\
usage: arcade-gym introspect {{{",".join(TOOLS)}}} RUN [OPTIONS]

Asks of a trained agent what its decisions go back to, and writes figures,
films and numbers: the suffixes of --out say which.

  arcade-gym introspect saliency runs/a        what it looks at in frames
  arcade-gym introspect density runs/a         which frames decisions go back to
  arcade-gym introspect contamination runs/a   what false memories do

`arcade-gym introspect density --help` lists the options; others have others.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures what the command line asks for.

    Returns:
        The exit code: 0, 1 where a file could not be written, 2 where something cannot
        be used. Then no file has changed.
    """
    tool, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if tool in ("-h", "--help"):
        print(_USAGE, end="")
        raise SystemExit(0)
    try:
        if tool not in TOOLS:
            raise ValueError(unknown("tool", tool, tuple(TOOLS)))
        options = _parsed(tool, rest)
        options.check()
        agent = load_agent(options.run, options.network)
        compilation_cache.enable()
        env = agent.config.make_env(options.view)
        findings.write(options.files, options.find(agent, env))
    except (ImportError, OSError, ValueError) as error:
        return fail("introspect", error)
    print(f"Wrote {', '.join(map(str, options.files))}")
    return 0


def _parsed(tool: str, arguments: Sequence[str]) -> _Options:
    return tyro.cli(
        TOOLS[tool],
        prog=f"arcade-gym introspect {tool}",
        description=_ABOUT[tool],
        args=arguments,
        registry=NUMBERS,
    )


def _watched(
    total: int, unit: str = "episodes asked"
) -> Callable[[Iterable[Any]], Iterable[Any]]:
    return lambda items: progress.shown(items, total, unit)


def _check_measure(by: str, target: str) -> None:
    if by not in MEASURES:
        raise ValueError(unknown("--by", by, MEASURES))
    member(Target, target)


def _check_number(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"--{name} must be from {low} to {high}, got {value}")
