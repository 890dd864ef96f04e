"""What games there are, read from the registry and the manual pages of the games."""

import inspect
import sys
from typing import Any, NamedTuple

from arcade_gym.returns import LevelReturns, returns_of
from jax_core import registry
from jax_core.game import GameSpec, Move


class GameInfo(NamedTuple):
    """One game.

    Attributes:
        name: the first part of its ids, "Breakout".
        goal: what to do, in one sentence.
        env_ids: the levels, easiest first: "BreakoutEasy" and so on.
        max_steps: step limit of each level.
        moves: what the five actions do, in the order of `jax_core.game.Move`; "-" is
            nothing.
        signs: what is seen, and what it means.
        returns: what scripted players get at each level, who see more and more; None
            for a game that nobody measured.
    """

    name: str
    goal: str
    env_ids: tuple[str, ...]
    max_steps: tuple[int, ...]
    moves: tuple[str, ...]
    signs: tuple[tuple[str, str], ...]
    returns: tuple[LevelReturns | None, ...]


def list_games() -> tuple[GameInfo, ...]:
    """Lists all games. Starts no backend and compiles nothing."""
    return tuple(_describe(spec) for spec in registry.games.values())


def find_game(env_id: str) -> GameInfo:
    """Looks up the game of a level.

    Raises:
        ValueError: the id is unknown; names the nearest one.
    """
    return _describe(registry.find_level(env_id)[0])


def manual_of(spec: GameSpec) -> str:
    """The manual page of a game: the docstring of its module.

    That of its class, where it begins with the name, so that a module can have several
    games. Empty in a notebook, and where Python drops docstrings (-OO).
    """
    rules = type(spec.game)
    if (rules.__doc__ or "").startswith(f"{spec.name}:"):
        return inspect.cleandoc(rules.__doc__ or "")
    module = sys.modules.get(rules.__module__)
    return inspect.cleandoc((module and module.__doc__) or "")


def _describe(spec: GameSpec) -> GameInfo:
    levels: Any = spec.levels.values()  # step limits of levels are Python numbers
    manual = manual_of(spec)
    title, _, goal = manual.partition("\n")[0].partition(": ")
    goal = goal or title
    actions = _table(manual, "Actions")
    return GameInfo(
        name=spec.name,
        goal=goal[:1].upper() + goal[1:],
        env_ids=tuple(registry.level_id(spec, level) for level in spec.levels),
        max_steps=tuple(int(level.max_steps) for level in levels),
        moves=actions[-1] if actions else tuple(move.name.lower() for move in Move),
        signs=tuple((sign, meaning) for sign, meaning in _table(manual, "Signs")[1:]),
        returns=tuple(
            returns_of(registry.level_id(spec, level)) for level in spec.levels
        ),
    )


def _table(manual: str, section: str) -> list[tuple[str, ...]]:
    """The rows of the table in a section of a page; none without such a section."""
    lines = iter(manual.splitlines())
    rows = []
    for line in lines:
        if line == f"{section}:":
            break
    for line in lines:
        if not line.startswith("    |"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip(" |").split(" | ")))
    return [row for row in rows if not row[0].startswith("---")]
