"""The colors of all pictures, and their brightness."""

from enum import Enum

import numpy as np
from jaxtyping import UInt8

# Weights of red, green and blue, of 256. The palette stays apart under ITU-R BT.601;
# under BT.709, which Gymnasium uses, green and orange would nearly be one grey.
LUMA = (77, 150, 29)


class Color(Enum):
    """RGB values in 0..255.

    The luma (ITU-R BT.601) of any two colors of one picture differs by at least 18, so
    they stay apart in grey and for color-blind readers; tests hold them to it.
    """

    BLACK = (0, 0, 0)
    BLUE = (32, 80, 216)
    VIOLET = (170, 62, 148)
    RED = (236, 78, 68)
    GREEN = (48, 204, 108)
    ORANGE = (252, 152, 40)
    SKY = (128, 212, 252)
    YELLOW = (252, 228, 84)
    WHITE = (255, 255, 255)

    # Grounds, all darker than the lines on them.
    INK = (14, 18, 44)
    WINE = (52, 12, 30)
    FELT = (6, 40, 24)
    SEA = (4, 32, 62)
    DUSK = (34, 16, 64)
    SLATE = (28, 30, 36)
    MAUVE = (42, 24, 44)
    OLIVE = (34, 34, 8)
    EARTH = (50, 24, 8)
    TEAL = (0, 38, 38)

    # Grid lines, frames and walls, all darker than BLUE.
    LINE = (44, 52, 92)
    WINE_LINE = (106, 38, 64)
    FELT_LINE = (28, 78, 52)
    SEA_LINE = (18, 68, 108)
    DUSK_LINE = (72, 44, 120)
    SLATE_LINE = (56, 60, 70)
    MAUVE_LINE = (78, 50, 82)
    OLIVE_LINE = (66, 66, 24)
    EARTH_LINE = (94, 54, 26)
    TEAL_LINE = (14, 76, 76)

    # Accents: bright, for titles and for what the player moves.
    ICE = (200, 226, 255)
    ROSE = (255, 190, 206)
    LIME = (206, 246, 120)
    AMBER = (255, 206, 120)
    LAVENDER = (206, 180, 255)
    PINK = (255, 160, 226)
    CORAL = (255, 150, 120)
    AQUA = (150, 252, 226)


class Theme(Enum):
    """What tells a game from the others at first sight.

    Attributes:
        ground: of the play field.
        line: grid lines, frames and walls on it.
        accent: the title, and where the game has room for it what the player moves.
    """

    NIGHT = (Color.INK, Color.LINE, Color.ICE)
    WINE = (Color.WINE, Color.WINE_LINE, Color.ROSE)
    FELT = (Color.FELT, Color.FELT_LINE, Color.LIME)
    SEA = (Color.SEA, Color.SEA_LINE, Color.AMBER)
    DUSK = (Color.DUSK, Color.DUSK_LINE, Color.LAVENDER)
    SLATE = (Color.SLATE, Color.SLATE_LINE, Color.SKY)
    MAUVE = (Color.MAUVE, Color.MAUVE_LINE, Color.PINK)
    OLIVE = (Color.OLIVE, Color.OLIVE_LINE, Color.YELLOW)
    EARTH = (Color.EARTH, Color.EARTH_LINE, Color.CORAL)
    TEAL = (Color.TEAL, Color.TEAL_LINE, Color.AQUA)

    def __init__(self, ground: Color, line: Color, accent: Color) -> None:
        """Names the parts of a value."""
        self.ground = ground
        self.line = line
        self.accent = accent


def brightness(
    picture: UInt8[np.ndarray, "*shape 3"],
) -> UInt8[np.ndarray, "*shape 1"]:
    """Grey of colors; all colors of a picture stay different."""
    gray = picture.astype(np.int32) @ np.array(LUMA, np.int32) >> 8
    return gray.astype(np.uint8)[..., None]
