"""What a report measures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from arcade_gym.baselines.evaluation import TEST_SEED
from arcade_gym.introspection import Perturbation, Target
from arcade_gym.introspection.naming import member
from arcade_gym.lanes.arguments import MAX_SEED

Shown = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Passes items on and may say how far it is: items, how many, and what they are."""


def silently(items: Iterable[Any], total: int, unit: str) -> Iterable[Any]:
    """Passes items on."""
    del total, unit  # nothing is said
    return items


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is measured of each run.

    Attributes:
        episodes: played for density and contamination; intervals want a hundred.
        shown: of them, how many can be looked at frame by frame.
        max_steps: of these episodes, which are then cut; 63 steps are 64 frames.
        kind: what contamination does, `Perturbation` or its name.
        target: of gradients, `Target` or its name.
        seed: of the first episode.
        network: "best" or "last".

    Raises:
        ValueError: an unknown name or a number that cannot be.
    """

    episodes: int = 100
    shown: int = 2
    max_steps: int = 63
    kind: Perturbation | str = "noise"
    target: Target | str = "sum_abs"
    seed: int = TEST_SEED
    network: str = "best"

    def __post_init__(self) -> None:
        """Checks every field and looks names up."""
        object.__setattr__(self, "kind", member(Perturbation, self.kind))
        object.__setattr__(self, "target", member(Target, self.target))
        for name, low, high in (
            ("episodes", 2, 100_000),
            ("shown", 1, min(self.episodes, 20)),
            ("max_steps", 1, 1000),
            ("seed", 0, MAX_SEED + 1 - self.episodes),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, got {value}")

    @property
    def seeds(self) -> range:
        """Of the episodes."""
        return range(self.seed, self.seed + self.episodes)
