"""What the tests of the learners share."""

import pytest


@pytest.fixture(autouse=True)
def _lenient(lenient_arrays):
    """Optimizers and memories of others rely on JAX's default promotion."""
