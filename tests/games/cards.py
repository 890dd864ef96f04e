"""What the tests of games of cards share."""

HEART, SPADE, CLUB, DIAMOND = range(4)
NO_CARD = -1

# Where cards are drawn, in units: x, y, width and height.
HISTORY, CARD_LEFT, CARD_RIGHT = (19, 19, 90, 90), (1, 17, 14, 22), (113, 17, 14, 22)
