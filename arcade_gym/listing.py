"""What games there are, read from the registry and the manual pages of the games."""

import sys
from typing import Any, NamedTuple

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
    """

    name: str
    goal: str
    env_ids: tuple[str, ...]
    max_steps: tuple[int, ...]
    moves: tuple[str, ...]


def list_games() -> tuple[GameInfo, ...]:
    """Lists all games. Starts no backend and compiles nothing."""
    return tuple(_describe(spec) for spec in registry.games.values())


def find_game(env_id: str) -> GameInfo:
    """Looks up the game of a level.

    Raises:
        ValueError: the id is unknown; names the nearest one.
    """
    return _describe(registry.find_level(env_id)[0])


def _describe(spec: GameSpec) -> GameInfo:
    levels: Any = spec.levels.values()  # step limits of levels are Python numbers
    module = sys.modules.get(type(spec.game).__module__)
    manual = (module and module.__doc__) or ""  # none under -OO, or in a notebook
    title, _, goal = manual.partition("\n")[0].partition(": ")
    return GameInfo(
        name=spec.name,
        goal=goal or title,
        env_ids=tuple(registry.level_id(spec, level) for level in spec.levels),
        max_steps=tuple(int(level.max_steps) for level in levels),
        moves=_moves(manual),
    )


def _moves(manual: str) -> tuple[str, ...]:
    """Reads the table of actions; a page without one gets their names."""
    table = [line.strip(" |") for line in manual.splitlines() if line[:5] == "    |"]
    if not table:
        return tuple(move.name.lower() for move in Move)
    return tuple(meaning.strip() for meaning in table[-1].split(" | "))
