"""Wheel and sdist hold what is needed and nothing else."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from jax_core.version import __version__

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = ("arcade_gym", "jax_core")
LEFT_BEHIND = (
    ".*",
    "__pycache__",
    "*.egg-info",
    "build",
    "dist",
    "site",
    "demo",
)


def sources():
    """Files of the packages, from the root of the repository on."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return {
        str(path.relative_to(ROOT))
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with wheel and sdist, made from a copy."""
    clone, folder = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("dist")
    everywhere = shutil.ignore_patterns(*LEFT_BEHIND)

    def left_behind(folder, names):
        # Packages may have a room of this name.
        output = {"runs"} if Path(folder) == ROOT else set()
        return everywhere(folder, names) | output

    shutil.copytree(ROOT, clone, dirs_exist_ok=True, ignore=left_behind)
    command = [sys.executable, "-m", "build", "--no-isolation", "-o", str(folder)]
    done = subprocess.run(
        [*command, str(clone)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_wheel_holds_the_packages_alone(built):
    (path,) = built.glob("*.whl")
    assert path.name == f"arcade_gym-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        metadata = f"arcade_gym-{__version__}.dist-info"
        about = wheel.read(f"{metadata}/METADATA").decode()
        commands = wheel.read(f"{metadata}/entry_points.txt").decode()
    assert {name for name in names if not name.startswith(metadata)} == sources()
    assert {name for name in names if name.endswith("py.typed")} == {
        f"{package}/py.typed" for package in PACKAGES
    }
    assert f"{metadata}/licenses/LICENSE" in names
    assert set(re.findall(r"^(\S+) = ", commands, re.MULTILINE)) == {
        "arcade-gym",
        "popgym-arcade-play",
    }
    assert f"\nVersion: {__version__}\n" in about
    assert "\n# Arcade Gym\n" in about  # the README


def test_an_agent_of_the_wheel_plays(built, tmp_path):
    """From the wheel's files alone, away from the repository."""
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        wheel.extractall(tmp_path / "installed")
    done = subprocess.run(
        [sys.executable, "-c", _PLAYS_AN_AGENT],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *names, place, action = done.stdout.split()
    assert len(names) >= 9
    assert place.startswith(str(tmp_path))
    assert action in {"0", "1", "2", "3", "4"}


_PLAYS_AN_AGENT = """
import numpy as np
from arcade_gym.baselines import builtin, builtin_agents, load_agent

print(*builtin_agents(), builtin.__file__)
for name in builtin_agents():
    agent = load_agent(name)
_, action = agent.act(agent.initial_carry(), np.zeros((64, 64, 3), np.uint8))
print(action)
"""


def test_the_sdist_holds_what_builds_the_wheel(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
        files = {member.name.partition("/")[2] for member in sdist if member.isfile()}
    assert sources() <= files
    top = {name.partition("/")[0] for name in names if name}
    assert top == {
        *PACKAGES,
        "CHANGELOG.md",
        "CITATION.cff",
        "LICENSE",
        "MANIFEST.in",
        "PKG-INFO",
        "README.md",
        "arcade_gym.egg-info",
        "pyproject.toml",
        "setup.cfg",
    }


def test_one_version_is_everywhere():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {__version__}\n" in citation
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## (\S+)", changes, re.MULTILINE)[1] == __version__
