"""Lanes on several devices learn what they learn on one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def seen():
    flags = "--xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-m", "tests.arcade_gym.baselines.shared_lanes"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("devices", [2, 8])
def test_the_first_update_does_not_depend_on_the_devices(seen, devices):
    found = seen[str(devices)]
    assert found["spread"] == devices
    assert found["weights"] < 1e-5 < seen["moved"]
    assert found["metrics"] < 1e-4
