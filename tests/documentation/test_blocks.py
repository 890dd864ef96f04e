"""Every block of code in README, CONTRIBUTING and docs runs as it stands there."""

import configparser
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import arcade_gym
from jax_core import registry
from tests.documentation import blocks

ALL = [block for page in blocks.PAGES for block in blocks.read(page)]


def with_blocks(language):
    """All pages that have something to run."""
    found = [
        pytest.param(
            run,
            id=str(page.relative_to(blocks.ROOT)),
            marks=slow,
        )
        for page in blocks.PAGES
        if (run := runnable(page, language))
    ]
    found += [
        pytest.param(
            [block],
            id=block.place,
            marks=[slow, others_warn, *map(needing, block.needs)],
        )
        for block in ALL
        if block.needs and block.language == language
    ]
    return pytest.mark.parametrize("run", found)


slow = pytest.mark.slow
others_warn = pytest.mark.filterwarnings("default")  # of what is theirs


def needing(distribution):
    """Leaves a block to an environment that has what this one has not."""
    is_there = any(importlib.metadata.distributions(name=distribution))
    reason = f"needs {distribution}: .ci/pages"
    return pytest.mark.skipif(not is_there, reason=reason)


def runnable(page, language):
    return [
        block
        for block in blocks.read(page)
        if block.language == language and not block.reason and not block.needs
        if block.runnable.strip()
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The present folder, which has what a clone has, without its past."""
    for path in blocks.ROOT.iterdir():
        if path.name not in (".git", ".venv", "demo", "runs"):
            (tmp_path / path.name).symlink_to(path)
    for block in ALL:
        if block.file:
            (tmp_path / block.file).write_text(block.source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(registry.games)
    yield tmp_path
    for name in set(registry.games) - before:
        arcade_gym.unregister(name)
    for block in ALL:
        sys.modules.pop(Path(block.file).stem, None)


@with_blocks("python")
def test_python_runs(run, folder, lenient_arrays, unchecked_annotations):
    """One block after the other, as in a notebook."""
    names = {"__name__": "__main__"}
    for block in run:
        if not block.file:
            exec(compile(block.runnable, block.place, "exec"), names)


@with_blocks("bash")
def test_commands_run(run, folder):
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in run:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.runnable],
            cwd=folder,
            env=os.environ
            | {"HOME": str(folder), "PATH": programs, "PYTHONPATH": str(blocks.ROOT)},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, block.place + done.stdout + done.stderr


def test_what_is_not_run_has_a_reason():
    """A comment that says nothing, or of what is no longer there, fails."""
    for block in ALL:
        assert not block.reason or len(block.reason.split()) >= 3, block.place
        for start, reason in block.omitted.items():
            assert len(reason.split()) >= 2, block.place
            lines = block.source.splitlines()
            assert any(line.startswith(start) for line in lines), block.place
        for before, after in block.settings.items():
            assert before in block.source, block.place
            assert before != after, block.place


def test_what_blocks_need_is_installed_by_an_extra():
    """CI runs them in environments with these extras."""
    metadata = configparser.ConfigParser()
    metadata.read(blocks.ROOT / "setup.cfg")
    extras = metadata["options.extras_require"]
    needed = {name for block in ALL for name in block.needs}
    named = re.findall(r"^[\w-]+", extras["libraries"] + extras["gymnax"], re.MULTILINE)
    assert needed
    assert needed <= set(named)
    assert not any(block.needs and block.reason for block in ALL)


def test_blocks_are_found():
    places = {block.place.rpartition("-")[0] for block in ALL}
    assert {"README.md", "CONTRIBUTING.md", "docs/playing.md"} <= places
    run = [block.language for block in ALL if not block.reason]
    assert set(run) == {"python", "bash"}
    assert len(run) > len(ALL) / 2


def test_comments_of_blocks_are_read(tmp_path, monkeypatch):
    page = tmp_path / "a.md"
    page.write_text(
        "Text\n\n<!-- lines not run: `pip`, installs it; `x`, opens windows -->\n"
        "<!-- run with: `100` as `1`, `b` as `` -->\n"
        "```bash\npip install a\na --steps 100 b\n```\n\n"
        "```json\n{}\n```\n<!-- not run: takes a day -->\n```py\nf()\n```\n"
        "<!-- file: f.py -->\n```python\nf = 1\n```\n"
        "<!-- needs: a b-c -->\n```python\nimport b\n```\n"
    )
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    first, second, third, fourth = blocks.read(page)
    assert (first.runnable, first.place) == ("a --steps 1 ", "a.md-1")
    assert first.omitted == {"pip": "installs it", "x": "opens windows"}
    assert (second.language, second.reason) == ("python", "takes a day")
    assert (third.file, third.reason) == ("f.py", "")
    assert (third.needs, fourth.needs) == ((), ("a", "b-c"))
