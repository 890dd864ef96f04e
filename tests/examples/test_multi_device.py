"""The example of many devices, on a CPU cut into two."""

import os
import subprocess
import sys

import pytest

from tests.compiling import process_flags
from tests.examples.loading import FOLDER


@pytest.mark.slow
def test_two_devices_play_what_one_plays():
    run = subprocess.run(
        [sys.executable, FOLDER / "multi_device.py", "--lanes", "2", "--steps", "5"],
        env=os.environ
        | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": process_flags(devices=2)},
        capture_output=True,
        text=True,
        check=True,
    )
    *shards, verdict = run.stdout.splitlines()
    assert [line.split(": ")[1] for line in shards] == ["lanes 0 to 1", "lanes 2 to 3"]
    assert verdict == "4 lanes on 2 devices play as on one"
