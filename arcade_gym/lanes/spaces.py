"""An observation space that costs no memory at thousands of environments."""

from typing import Any

import numpy as np
from gymnasium.spaces import Box


class FrameBox(Box):
    """Box of uint8 in 0..255 whose bounds are broadcast views of one number.

    `gymnasium.vector.utils.batch_space` materialises four arrays of the batch's size,
    which takes seconds and hundreds of megabytes at 4096 environments. This space is
    equal to the Box it stands for, in both directions.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Makes the space of uint8 arrays of a shape."""
        small = Box(0, 255, (1,) * len(shape), np.uint8)
        super(Box, self).__init__(shape, np.uint8)
        self.low = np.broadcast_to(small.low, shape)
        self.high = np.broadcast_to(small.high, shape)
        self.low_repr, self.high_repr = "0", "255"
        self.bounded_below = np.broadcast_to(small.bounded_below, shape)
        self.bounded_above = np.broadcast_to(small.bounded_above, shape)

    def __eq__(self, other: object) -> bool:
        """Compares with another space, fast where both are of this class."""
        if isinstance(other, FrameBox):
            return self.shape == other.shape
        return super().__eq__(other)

    def __hash__(self) -> int:
        """Equal spaces have equal hashes."""
        return hash(self.shape)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and copies by shape, so that the views stay views."""
        return type(self), (self.shape,), {"_np_random": self._np_random}
