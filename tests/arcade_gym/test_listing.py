"""The list of games as data."""

import json
import sys

import pytest

import arcade_gym
from arcade_gym import listing
from arcade_gym.returns import all_returns
from jax_core import registry


def test_games_are_listed_as_data():
    games = {game.name: game for game in arcade_gym.list_games()}
    assert tuple(games) == tuple(registry.games)
    levels = ("SkittlesEasy", "SkittlesMedium", "SkittlesHard")
    assert games["Skittles"] == listing.GameInfo(
        name="Skittles",
        goal="Dodge blocks that fall down a lane.",
        env_ids=levels,
        max_steps=(100, 100, 100),
        moves=("-", "-", "player left", "player right", "-"),
        signs=(("white triangle", "you"), ("colored square", "a falling block")),
        returns=tuple(all_returns()[env_id] for env_id in levels),
    )
    assert games["Tetris"].moves[0] == "rotate clockwise"
    for game in games.values():
        assert game.goal[0].isupper()
        assert len(game.moves) == 5
        assert len(game.signs) >= 2
    assert len({game.goal for game in games.values()}) == len(games)
    assert (
        json.loads(json.dumps(games["Breakout"]._asdict()))["max_steps"] == [2000] * 3
    )


def test_a_game_without_a_table_of_actions_gets_their_names(monkeypatch):
    module = sys.modules[type(registry.games["Skittles"].game).__module__]
    monkeypatch.setattr(module, "__doc__", None)  # as under python -OO
    game = listing.find_game("SkittlesHard")
    assert (game.goal, game.signs) == ("", ())
    assert game.moves == ("up", "down", "left", "right", "fire")


def test_a_game_without_its_level_is_told_its_levels():
    with pytest.raises(ValueError, match="Skittles needs a level: SkittlesEasy, S"):
        listing.find_game("Skittles")


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'SkittlesHard'"):
        listing.find_game("SkitlesHard")
