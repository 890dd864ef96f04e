"""What the tests of introspection share."""

import pytest


@pytest.fixture(autouse=True)
def _lenient(lenient_arrays):
    """Networks rely on JAX's default promotion."""
