"""The paper's aggregate numbers, read from its figures, to stand beside ours."""

from typing import NamedTuple

ERROR = 0.005  # of reading
MARK = "read from a figure"
SOURCE = (
    "Wang et al. 2025 (POPGym Arcade), figures of the observability gap and the memory "
    "bias: means over ten games and three levels, five seeds, 128 pixels, PQN"
)


class Published(NamedTuple):
    """A memory in the paper's figures, on the paper's scale.

    Attributes:
        name: in the figures.
        memory: our name; "" for people.
        partial: J(f, P).
        gap: J(f, M) - J(f, P).
        bias: J(f, M) - J(none, M).
    """

    name: str
    memory: str
    partial: float
    gap: float
    bias: float

    @property
    def full(self) -> float:
        """J(f, M), which follows."""
        return round(self.partial + self.gap, 3)


PUBLISHED = (
    Published("MLP", "none", 0.38, 0.285, 0.0),
    Published("Attn", "attention-rope", 0.34, 0.123, -0.20),
    Published("FART", "fart", 0.365, 0.057, -0.245),
    Published("MinGRU", "mingru", 0.43, 0.16, -0.073),
    Published("GRU", "gru", 0.535, 0.11, -0.022),
    Published("LRU", "lru", 0.56, 0.092, -0.011),
    Published("Human", "", 0.335, 0.235, 0.0),
)
