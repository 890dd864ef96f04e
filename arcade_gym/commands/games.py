"""The games: `arcade-gym games`, `arcade-gym games Breakout`."""

import argparse
import textwrap
from collections.abc import Sequence

from arcade_gym.commands import options
from arcade_gym.listing import GameInfo, find_game, list_games
from jax_core import registry
from jax_core.game import Move

COLUMNS = 80


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the list of games, or one of them."""
    parser = argparse.ArgumentParser(
        prog="arcade-gym games",
        description="Lists the games, or what there is to know of one.",
    )
    parser.add_argument(
        "game", nargs="?", type=_game, help="Breakout, BreakoutEasy or module:Lamp"
    )
    parser.add_argument("--ids", action="store_true", help="only ids, one a line")
    chosen = parser.parse_args(argv)
    games = [chosen.game] if chosen.game else list_games()
    if chosen.ids:
        print("\n".join(env_id for game in games for env_id in game.env_ids))
    else:
        print(describe(chosen.game) if chosen.game else overview())


def overview() -> str:
    """Names, goals and the form of the ids."""
    listed = list_games()
    width = max(len(game.name) for game in listed)
    lines = [
        paragraph(f"{game.name:<{width}}  {game.goal}", hang=width + 4)
        for game in listed
    ]
    ids = ", ".join(listed[0].env_ids)
    return "\n".join([*lines, paragraph(f"Ids add the level: {ids}.")])


def describe(game: GameInfo) -> str:
    """One game: its goal, its levels, what the actions do and what is seen."""
    levels = [
        f"  {env_id:<24}{steps:>6} steps at most"
        for env_id, steps in zip(game.env_ids, game.max_steps, strict=True)
    ]
    moves = [
        f"  {move.value} {move.name.lower():<6}{game.moves[move]}" for move in Move
    ]
    signs = [f"  {sign:<22}{meaning}" for sign, meaning in game.signs]
    return "\n".join(
        [game.name, paragraph(game.goal), "", *levels, "", *moves, "", *signs],
    )


def paragraph(text: str, hang: int = 4) -> str:
    """Wraps a paragraph that is indented by two, and by `hang` after its first line."""
    return textwrap.fill(
        text,
        COLUMNS,
        initial_indent="  ",
        subsequent_indent=" " * hang,
        break_on_hyphens=False,
    )


def _game(text: str) -> GameInfo:
    try:
        name = registry.resolve(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    by_name = {game.name: game for game in list_games()}
    return by_name[name] if name in by_name else find_game(options.env_id(name))
