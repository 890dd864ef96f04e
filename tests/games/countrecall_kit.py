"""What the tests of CountRecall share: its levels."""

from types import SimpleNamespace

import pytest

LEVELS = {
    "CountRecallEasy": SimpleNamespace(
        n=26, suits=2, limit=126, top=13, best=1.0, random=0.112, deviation=0.070
    ),
    "CountRecallMedium": SimpleNamespace(
        n=52, suits=2, limit=152, top=26, best=0.99, random=0.058, deviation=0.036
    ),
    "CountRecallHard": SimpleNamespace(
        n=78, suits=4, limit=178, top=20, best=0.96, random=0.061, deviation=0.033
    ),
}
EASY, HARD = "CountRecallEasy", "CountRecallHard"

every_level = pytest.mark.parametrize("env_id", LEVELS)
