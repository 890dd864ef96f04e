"""What the tests of AutoEncode share: its levels."""

from types import SimpleNamespace

import pytest

LEVELS = {
    "AutoEncodeEasy": SimpleNamespace(n=26, limit=260, random=0.251, deviation=0.084),
    "AutoEncodeMedium": SimpleNamespace(n=52, limit=520, random=0.25, deviation=0.06),
    "AutoEncodeHard": SimpleNamespace(n=78, limit=780, random=0.25, deviation=0.049),
}
EASY = "AutoEncodeEasy"

every_level = pytest.mark.parametrize("env_id", LEVELS)
