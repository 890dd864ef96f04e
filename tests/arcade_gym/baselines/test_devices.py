"""Lanes on several devices learn what they learn on one."""

import pytest

from tests.arcade_gym.baselines import kit


@pytest.fixture(scope="module")
def seen():
    return kit.printed_on_eight_devices("shared_lanes")


@pytest.mark.long
@pytest.mark.parametrize("devices", [2, 8])
def test_the_first_update_does_not_depend_on_the_devices(seen, devices):
    found = seen[str(devices)]
    assert found["spread"] == devices
    assert found["weights"] < 1e-5 < seen["moved"]
    assert found["metrics"] < 1e-4
