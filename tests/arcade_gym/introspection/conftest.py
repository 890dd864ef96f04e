"""What the tests of introspection share."""

import pytest

from tests.arcade_gym.baselines.conftest import own_cue

__all__ = ["own_cue"]


@pytest.fixture(autouse=True)
def _lenient(lenient_arrays):
    """Networks rely on JAX's default promotion."""
