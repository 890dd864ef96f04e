"""Until the command has begun, the system ends it on Ctrl-C, and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_gym import ctrl_c

RAISES = signal.default_int_handler
MODULE = ["python", "-m", "arcade_gym", "games"]
SCRIPT = ["python", "/bin/arcade-gym", "games"]
# Presses Ctrl-C when a module begins to be imported.
PRESSING = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESSED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Press())
"""
# What the installed script is.
INSTALLED = """
import sys
sys.argv[0] = "/usr/bin/arcade-gym"
from arcade_gym.commands.main import main
sys.exit(main())
"""


@pytest.fixture
def listening():
    before = signal.signal(signal.SIGINT, RAISES)
    yield
    signal.signal(signal.SIGINT, before)


def started(monkeypatch, name, line):
    monkeypatch.setattr(sys, "argv", [name, "games"])
    monkeypatch.setattr(sys, "orig_argv", line)


@pytest.mark.parametrize(
    ("at_first", "then", "line"),
    [
        ("-m", "/x/arcade_gym/__main__.py", MODULE),
        ("/bin/arcade-gym", "/bin/arcade-gym", SCRIPT),
        ("/bin/popgym-arcade-play", "/bin/popgym-arcade-play", SCRIPT),
    ],
)
@pytest.mark.usefixtures("listening")
def test_the_command_is_ended_by_the_system_until_it_begins(
    monkeypatch, at_first, then, line
):
    started(monkeypatch, at_first, line)
    ctrl_c.leave_to_the_system()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    started(monkeypatch, then, line)
    ctrl_c.raise_again()
    assert signal.getsignal(signal.SIGINT) is RAISES


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("train.py", ["python", "train.py", "arcade_gym"]),
        ("-m", ["python", "-m", "arcade_gym.study.worker"]),
        ("-c", ["python", "-c", "import arcade_gym"]),
        ("", ["python"]),
    ],
)
@pytest.mark.usefixtures("listening")
def test_other_programs_keep_what_they_have(monkeypatch, name, line):
    started(monkeypatch, name, line)
    ctrl_c.leave_to_the_system()
    assert signal.getsignal(signal.SIGINT) is RAISES
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctrl_c.raise_again()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


@pytest.mark.usefixtures("listening")
def test_a_command_that_is_to_ignore_it_goes_on_doing_so(monkeypatch):
    """As under `nohup`, or in the background of a shell script."""
    started(monkeypatch, SCRIPT[1], SCRIPT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctrl_c.leave_to_the_system()
    ctrl_c.raise_again()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (["-m", "arcade_gym"], "gymnasium"),  # at the very first
        *(  # a process for each
            pytest.param(command, module, marks=pytest.mark.slow)
            for command in (["-m", "arcade_gym"], ["-c", INSTALLED])
            for module in ("jax", "arcade_gym.vector_env", "arcade_gym.commands.games")
        ),
    ],
)
def test_ctrl_c_while_it_imports_needs_no_traceback(tmp_path, command, module):
    (tmp_path / "sitecustomize.py").write_text(PRESSING)
    root = Path(ctrl_c.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, *command, "games"],
        env=os.environ
        | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}", "PRESSED_AT": module},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (130, -signal.SIGINT)  # shells make 130 of both
    assert (done.stdout, done.stderr) == ("", "")
