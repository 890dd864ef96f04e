"""Which seed each lane was given."""

from typing import Any

import numpy as np

from arcade_gym.lanes import arguments


class LaneSeeds:
    """The seeds of the lanes, and the one of the constructor for the first reset.

    Attributes:
        last: the last seed that each lane was given; empty before the first.
    """

    def __init__(self, first: int | None, num_envs: int) -> None:
        """Checks the constructor's seed now, so that it is not refused at reset."""
        arguments.seeds(first, num_envs)
        self.last: tuple[int, ...] = ()
        self._first = first
        self._num_envs = num_envs

    def spread(self, seed: Any, *, is_first: bool) -> tuple[np.ndarray, np.ndarray]:
        """Spreads the seed of a `reset` over the lanes.

        Args:
            seed: what the caller passed.
            is_first: no lane has been reset yet, so every lane needs a seed.

        Returns:
            Seeds, uint32 [num_envs], and where there is one, bool [num_envs].
        """
        values, seeded = arguments.seeds(seed, self._num_envs)
        if not is_first or seeded.all():
            return values, seeded
        first = self._entropy() if self._first is None else self._first
        own, everywhere = arguments.seeds(first, self._num_envs)
        return np.where(seeded, values, own), everywhere

    def remember(
        self, values: np.ndarray, seeded: np.ndarray, chosen: np.ndarray | None
    ) -> None:
        """Keeps the seeds of a `reset` that succeeded.

        Args:
            values: uint32 [num_envs].
            seeded: bool [num_envs], where there is one.
            chosen: bool [num_envs], lanes that were reset; None if that is not known
                without waiting for an accelerator: then all seeds are kept.
        """
        taken = seeded if chosen is None else seeded & chosen
        if taken.any():
            before = np.array(self.last or [0] * self._num_envs)
            self.last = tuple(np.where(taken, values, before).tolist())

    def _entropy(self) -> int:
        """A seed from the operating system that leaves room for all lanes."""
        word = int(np.random.SeedSequence().generate_state(1)[0])
        return word % (arguments.MAX_SEED + 2 - self._num_envs)
