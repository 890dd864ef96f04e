"""What the tests of games of one's own share."""

import pytest

from jax_core import registry


@pytest.fixture
def ours():
    """The games of this package, which alone are there afterwards."""
    games = set(registry.games)
    yield games
    for name in set(registry.games) - games:
        registry.unregister(name)
