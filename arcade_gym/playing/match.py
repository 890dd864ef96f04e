"""An episode under the hands of a person, without window and keys."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np

import jax_core
from arcade_gym.lanes import arguments, chain
from jax_core import Environment
from jax_core.game import Move, Visibility


class Match:
    """Episodes of one level, seen in either view.

    A seed stands for the episode that `ArcadeEnv` plays after `reset(seed=seed)`.

    Attributes:
        env_id: the level.
        obs_size: pixels of a side of a frame.
        seed: of the present episode.
        visibility: of the present frame.
        seen: the views in which the episode was seen so far.
        total: return so far.
        state: the game's state, of both views.
        end: "terminated", "truncated", or None while the episode goes on.
        is_won: of an ended episode, if its game says so.
    """

    def __init__(
        self, env_id: str, *, partial_obs: bool = False, obs_size: int = 128, seed: int
    ) -> None:
        """Compiles nothing yet; call `restart` to begin."""
        self.env_id = env_id
        self.obs_size = obs_size
        self.seed = seed
        self.visibility = Visibility.PARTIAL if partial_obs else Visibility.FULL
        self.seen = {self.visibility}
        self.total = 0.0
        self.end: str | None = None
        self.is_won: bool | None = None
        self.state: Any = None
        self._key: Any = None
        views = [
            jax_core.make(env_id, partial_obs=is_partial, obs_size=obs_size)[0]
            for is_partial in (False, True)
        ]
        self._game = views[0].game
        self._params = views[0].default_params
        self._max_steps = np.asarray(self._params.max_steps).item()
        self._start, self._advance = _compiled_rules(views[0])
        self._draw = {view.visibility: _compiled_drawing(view) for view in views}

    @property
    def length(self) -> int:
        """Steps played in this episode."""
        return int(self.state.time)

    @property
    def steps_left(self) -> int:
        """Steps until the episode is truncated."""
        return self._max_steps - self.length

    @property
    def frame(self) -> np.ndarray:
        """The present picture: uint8 [obs_size, obs_size, 3], read-only."""
        return self.seen_in(self.visibility)

    def seen_in(self, view: Visibility) -> np.ndarray:
        """The present state as a view shows it, in the form of `frame`."""
        return np.asarray(self._draw[view](self.state))

    def compile(self) -> None:
        """Begins, and compiles all that later calls need, which takes seconds."""
        self.restart()
        self._advance(self._key, self.state, np.int32(Move.UP))
        for draw in self._draw.values():
            draw(self.state)

    def restart(self) -> None:
        """Begins the episode of the present seed."""
        self._key, self.state = self._start(np.uint32(self.seed))
        self.total, self.end, self.is_won = 0.0, None, None
        self.seen = {self.visibility}

    def next_seed(self) -> None:
        """Begins the episode of the next seed; after the last comes 0."""
        self.seed = (self.seed + 1) % (arguments.MAX_SEED + 1)
        self.restart()

    def switch_view(self) -> None:
        """Goes on in the other view."""
        is_full = self.visibility is Visibility.FULL
        self.visibility = Visibility.PARTIAL if is_full else Visibility.FULL
        self.seen.add(self.visibility)

    def step(self, move: Move) -> None:
        """Plays a move; an ended episode stays as it is."""
        if self.end:
            return
        moved = self._advance(self._key, self.state, np.int32(move))
        self._key, transition = moved
        self.state = transition.state
        self.total += float(transition.reward)
        if transition.terminated:
            self.end = "terminated"
        elif transition.truncated:
            self.end = "truncated"
        if self.end:
            won = self._game.is_won(self.state, self._params, transition.terminated)
            self.is_won = None if won is None else bool(won)

    def summary(self) -> dict[str, Any]:
        """The episode as a line of the log; "view" is "mixed" after a switch."""
        return {
            "id": self.env_id,
            "view": "mixed" if len(self.seen) > 1 else str(*self.seen),
            "seed": self.seed,
            "return": round(self.total, 6),  # rewards have 24 bits
            "length": self.length,
            "end": self.end or "abandoned",
            "won": self.is_won,
        }


@cache
def _compiled_rules(env: Environment) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Start and step, compiled once for all matches of a level."""
    return jax.jit(partial(chain.start, env)), jax.jit(partial(chain.advance, env))


@cache
def _compiled_drawing(view: Environment) -> Callable[..., Any]:
    return jax.jit(view.get_obs)
