"""The list of games on the command line."""

import pytest

from arcade_gym.commands.main import main
from jax_core import registered_envs, registry


@pytest.mark.quick
def test_all_games_and_goals_are_listed(capsys):
    main(["games"])
    page = capsys.readouterr().out
    for name in registry.games:
        assert f"\n  {name} " in f"\n{page}"
    assert "Dodge blocks that fall down a lane." in page


def test_ids_are_listed_one_a_line(capsys):
    main(["games", "--ids"])
    assert tuple(capsys.readouterr().out.split()) == registered_envs


@pytest.mark.parametrize("name", ["Skittles", "SkittlesHard"])
def test_one_game_is_described(capsys, name):
    main(["games", name])
    page = capsys.readouterr().out
    assert page.startswith("Skittles\n  Dodge blocks that fall down a lane.\n")
    assert "SkittlesMedium" in page
    assert "100 steps at most" in page
    assert "2 left  player left" in page
    assert "colored square        a falling block" in page


def test_an_unknown_game_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["games", "Skitles"])
    assert "Did you mean" in capsys.readouterr().err
