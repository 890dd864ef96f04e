"""The commands of the page on the baselines run on a game that compiles quickly."""

import re
import shlex
from pathlib import Path

import pytest

from arcade_gym.baselines.runs.run_directory import RunDirectory
from arcade_gym.commands import compilation_cache
from arcade_gym.commands.main import main
from jax_core import registry
from tests.arcade_gym.baselines import cue, runs

PAGE = (Path(__file__).parents[1] / "docs" / "baselines.md").read_text()
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
FILES = re.findall(r"`([a-z]+\.(?:json|jsonl|eqx))`", PAGE.partition("| file |")[2])


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, lenient_arrays):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)
    registry.register(cue.SPEC)
    yield
    registry.unregister("Cue")


@pytest.mark.slow
def test_its_commands_run_in_their_order(capsys):
    """On a small game and with few steps, which is what later options are for."""
    for command in COMMANDS:
        verb, *options = (word.replace("CartPoleEasy", "CueEasy") for word in command)
        few = {"train": runs.FLAGS, "evaluate": ["--episodes", "4"]}.get(verb, [])
        assert main([verb, *options, *few]) == 0, command
    assert main(["resume", "runs/a"]) == 0
    assert "runs/a" in capsys.readouterr().out
    assert Path("agent.gif").stat().st_size > 0
    assert Path("returns.json").stat().st_size > 0
    left = {path.name for path in Path("runs/a").iterdir()}
    assert set(FILES) == left - {".lock"}
    assert RunDirectory("runs/a").is_done
