"""An agent beside the player: who moves, and what is shown of its thoughts."""

from collections.abc import Sequence

import numpy as np
import pygame

from arcade_gym.playing import strip
from arcade_gym.playing.companion import Companion, Look, Thought
from arcade_gym.playing.keys import REQUESTS, Request
from arcade_gym.playing.match import Match
from arcade_gym.playing.window import Line, Window
from jax_core.game import Move
from jax_core.rendering.palette import Color


class Copilot:
    """Lets an agent see every frame of a match, and act while it is at the controls.

    Attributes:
        is_driving: the agent moves, not the player.
        is_open: what its decision looks at is shown, which costs time.
    """

    def __init__(self, companion: Companion) -> None:
        """The agent begins; call `follow` at the beginning of a match."""
        self.is_driving = True
        self.is_open = True
        self._companion = companion
        self._thought: Thought | None = None
        self._look: Look | None = None

    @property
    def move(self) -> Move:
        """What the agent does next."""
        assert self._thought is not None  # it has seen the frame
        return Move(self._thought.action)

    def follow(self, match: Match, move: Move | None = None) -> None:
        """Shows the agent the present frame, and the move that led there, if any."""
        frame = match.seen_in(self._companion.visibility)
        last_action = None if move is None else int(move)
        self._thought = self._companion.see(frame, last_action)
        self._look = None

    def obey(self, request: Request) -> None:
        """Does what the player asks for."""
        match request:
            case Request.CONTROL:
                self.is_driving = not self.is_driving
            case Request.LOOK:
                self.is_open = not self.is_open

    def show(
        self, window: Window, match: Match, above: Sequence[Line], below: Sequence[Line]
    ) -> None:
        """Shows a match and what the agent thinks, between other lines of the panel."""
        panel = (*above, Line(), *self.lines(), Line(), *below)
        if not self.is_open:
            window.show(match.frame, panel)
            return
        look = self._looked()
        # Heat is of the agent's own view; the player may be looking at the other one.
        is_shared = match.visibility is self._companion.visibility
        frame = np.ascontiguousarray(look.frames[-1]) if is_shared else match.frame
        window.show(frame, panel, strip.draw(look))

    def lines(self) -> list[Line]:
        """Who plays, and the scores of all actions."""
        assert self._thought is not None  # it has seen the frame
        companion, scores = self._companion, self._thought.scores
        player, color = (
            ("agent", Color.GREEN) if self.is_driving else ("you", Color.SKY)
        )
        keys = [
            Line(pygame.key.name(key).upper(), request.value)
            for key, request in REQUESTS.items()
        ]
        return [
            Line("agent", companion.name, Color.YELLOW),
            Line("plays", player, color),
            Line("it sees", f"{companion.visibility} view: {companion.scores_are}"),
            *(self._score(move, scores) for move in Move),
            *keys,
        ]

    def _score(self, move: Move, scores: np.ndarray) -> Line:
        assert self._thought is not None
        is_chosen = move == self._thought.action
        color = Color.YELLOW if is_chosen else Color.WHITE
        bar = lengths(scores, self._companion.scores_are)[move]
        return Line(move.name.lower(), f"{scores[move]:.2f}", color, bar=float(bar))

    def _looked(self) -> Look:
        if self._look is None:
            self._look = self._companion.look()
        return self._look


def lengths(scores: np.ndarray, scores_are: str) -> np.ndarray:
    """Lengths of the bars of scores, 0..1: shares, or places between worst and best."""
    if scores_are == "probability":
        return scores
    span = float(scores.max() - scores.min())
    return (scores - scores.min()) / max(span, np.finfo(np.float32).tiny)
