"""The colors of all pictures."""

from enum import Enum


class Color(Enum):
    """RGB values in 0..255.

    The luma (ITU-R BT.601) of neighbours in this list differs by at least 18, so the
    colors stay apart in grey and for color-blind readers; a test holds them to it.
    """

    BLACK = (0, 0, 0)
    INK = (14, 18, 44)  # play field
    LINE = (44, 52, 92)  # grid lines, frames, walls
    BLUE = (32, 80, 216)
    VIOLET = (170, 62, 148)
    RED = (236, 78, 68)
    GREEN = (48, 204, 108)
    ORANGE = (252, 152, 40)
    SKY = (128, 212, 252)
    YELLOW = (252, 228, 84)
    WHITE = (255, 255, 255)
