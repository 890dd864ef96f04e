"""What each game can give: the numbers that come with the package."""

import itertools
from pathlib import Path

import pytest

import jax_core
from arcade_gym import returns
from arcade_gym.returns import LevelReturns, Played
from jax_core import registry

PAGES = Path(__file__).parents[2] / "docs" / "games"
PLAYERS = LevelReturns._fields
MEASURED = returns.all_returns()


def margin(*players):
    """Of a difference of means, at five standard deviations, and of rounding."""
    return 5 / 1.96 * sum(player.margin**2 for player in players) ** 0.5 + 2e-4


def test_the_margin_holds_in_95_of_100_cases():
    assert Played(mean=0.5, deviation=0.5, episodes=100).margin == pytest.approx(0.098)


def test_every_level_has_all_four_players():
    assert list(MEASURED) == list(jax_core.registered_envs)
    for env_id, level in MEASURED.items():
        for who, played in zip(PLAYERS, level, strict=True):
            assert played is not None, (env_id, who)
            assert played.episodes >= (100 if "Tetris" in env_id else 1000)
            assert -1 <= played.mean <= 1.00001, (env_id, who)


@pytest.mark.parametrize("env_id", MEASURED)
def test_who_knows_more_gets_no_less(env_id):
    players = [played for played in MEASURED[env_id] if played is not None]
    for less, more in itertools.pairwise(players):
        assert less.mean <= more.mean + margin(less, more)


@pytest.mark.parametrize("game", registry.games)
def test_the_pages_have_these_numbers(game):
    """`python docs/gallery.py --no-films` writes them."""
    both = [(PAGES / page).read_text() for page in (f"{game}.md", "README.md")]
    for level in registry.games[game].levels:
        env_id = registry.level_id(registry.games[game], level)
        cells = [
            f"{played.mean:.3f} ({played.deviation:.3f})" if played else "-"
            for played in MEASURED[env_id]
        ]
        for text in both:
            assert f"| {env_id} | {' | '.join(cells)} |" in text


def test_a_level_that_nobody_measured_has_no_returns():
    assert returns.returns_of("LampEasy") is None


def test_the_games_are_those_that_were_measured():
    """A new version has other returns: measure them (docs/ceilings.py)."""
    assert {spec.version for spec in registry.games.values()} == {0}
