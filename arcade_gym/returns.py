"""What each game can give: measured returns of scripted players, as data.

`docs/ceilings.py` plays them and writes the file that this module reads.
"""

import functools
import json
import math
from importlib import resources
from typing import Any, NamedTuple


class Played(NamedTuple):
    """Returns of many episodes of one player.

    Attributes:
        mean: of the returns.
        deviation: standard deviation of the return of one episode.
        episodes: how many were played.
    """

    mean: float
    deviation: float
    episodes: int

    @property
    def margin(self) -> float:
        """Half the width of the 95 % interval of the mean."""
        return 1.96 * self.deviation / math.sqrt(self.episodes)


class LevelReturns(NamedTuple):
    """What players of a level get who know more and more.

    Random play and the player that knows the state are the same in both views; the two
    in between see the partial view and are the best that we know.

    Attributes:
        random: uniformly random actions.
        without_memory: sees the present frame alone; None where nobody tried.
        with_memory: sees the frames, and remembers what they showed; None likewise.
        knows_state: knows what is hidden; in CountRecall and Skittles also what comes.
    """

    random: Played
    without_memory: Played | None
    with_memory: Played | None
    knows_state: Played


def returns_of(env_id: str) -> LevelReturns | None:
    """Looks up a level; None for one that nobody measured, such as your own."""
    return all_returns().get(env_id)


@functools.cache
def all_returns() -> dict[str, LevelReturns]:
    """All levels that were measured, by id, easiest first."""
    text = resources.files("arcade_gym").joinpath("returns.json").read_text()
    return {env_id: _level(players) for env_id, players in json.loads(text).items()}


def _level(players: dict[str, list[Any]]) -> LevelReturns:
    found = {
        who: Played(mean, deviation, int(episodes))
        for who, (mean, deviation, episodes) in players.items()
    }
    return LevelReturns(
        random=found["random"],
        without_memory=found.get("without_memory"),
        with_memory=found.get("with_memory"),
        knows_state=found["knows_state"],
    )
