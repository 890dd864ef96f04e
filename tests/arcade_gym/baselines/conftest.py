"""What the tests of the learners share."""

import jax
import pytest

from jax_core import registry
from tests.arcade_gym.baselines import cue


@pytest.fixture(autouse=True)
def _lenient(lenient_arrays):
    """Optimizers and memories of others rely on JAX's default promotion."""


@pytest.fixture(scope="module")
def own_cue():
    """Cue is registered, and runs may be trained, while the tests of a module run."""
    registry.register(cue.SPEC)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield
    registry.unregister("Cue")
