"""What the player asks of an agent. Nothing here knows how it thinks."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from jax_core.game import Visibility

FRAMES = 8  # that are looked back on, at most

Frame = UInt8[np.ndarray, "side side 3"]


class Thought(NamedTuple):
    """What an agent makes of a frame."""

    action: int  # that it would take, 0..4
    scores: Float[np.ndarray, " actions"]


class Look(NamedTuple):
    """What the present decision of an agent goes back to."""

    frames: UInt8[np.ndarray, "frames side side 3"]  # with heat; the last one is now
    weights: Float[np.ndarray, " frames"]  # of each, by exchange
    earlier: float  # of all that was before them; weights and this sum to 1, or are 0


@runtime_checkable
class Companion(Protocol):
    """An agent beside the player, who may take over and give back."""

    @property
    def name(self) -> str:
        """For the panel."""
        ...

    @property
    def env_id(self) -> str:
        """The level that it plays."""
        ...

    @property
    def visibility(self) -> Visibility:
        """The view that it sees."""
        ...

    @property
    def obs_size(self) -> int:
        """Pixels of a side of the frames that it sees."""
        ...

    @property
    def scores_are(self) -> str:
        """What its scores are: "probability" or "Q-value"."""
        ...

    def compile(self) -> None:
        """Compiles what later calls need, which takes seconds."""
        ...

    def see(self, frame: Frame, last_action: int | None) -> Thought:
        """Takes the next frame of an episode.

        Args:
            frame: in its view and its size.
            last_action: what led to the frame, whoever took it; None begins an episode.
        """
        ...

    def look(self) -> Look:
        """What its thought about the last frame goes back to."""
        ...
