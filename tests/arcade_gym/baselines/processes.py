"""Starts runs in processes of their own, which share what they compile."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.compiling import process_flags

ROOT = Path(__file__).parents[3]


class Runner:
    """Starts processes with one cache of compiled programs."""

    def __init__(self, folder):
        cache = {
            "JAX_COMPILATION_CACHE_DIR": str(folder / "cache"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        self.variables = cache | os.environ | {"JAX_PLATFORMS": "cpu"}

    def start(self, *command, devices=1):
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.variables | {"XLA_FLAGS": process_flags(devices=devices)},
        )

    def start_run(self, *, devices=1, **options):
        options |= {"path": str(options["path"]), "devices": devices}
        module = "tests.arcade_gym.baselines.process_run"
        return self.start(module, json.dumps(options), devices=devices)

    def run(self, **options):
        return finish(self.start_run(**options))


def finish(process, code=0):
    """Waits; gives what the last line says where the process ended well."""
    out, err = process.communicate(timeout=600)
    assert process.returncode == code, err[-3000:]
    return json.loads(out.splitlines()[-1]) if code == 0 else err
