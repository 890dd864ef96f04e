"""What the tests of reports share."""

import pytest

from tests.arcade_gym.baselines.conftest import own_cue
from tests.arcade_gym.report import folders

__all__ = ["own_cue"]


@pytest.fixture(autouse=True)
def _lenient(lenient_arrays):
    """Networks rely on JAX's default promotion."""


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory, own_cue):
    """A policy with memory and Q-values without, trained in different views."""
    place = tmp_path_factory.mktemp("runs")
    return folders.two(place)
