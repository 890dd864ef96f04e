"""Commands where there is no home, no name of the user, or no room."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

AGENT = "builtin:cartpole-hard-none"
SMALL = ["-o", "64", "--lanes", "1", "--steps", "4"]
SMOKE = ["--budget", "smoke", "--out"]
FEW = ["--episodes", "3", "--max-steps", "5"]
COMMANDS = {
    "first look": [],
    "games": ["games", "Breakout"],
    "agents": ["agents"],
    "record": ["record", "NavigatorEasy", "film.gif", *SMALL],
    "train": ["train", "pqn", "NavigatorEasy", *SMOKE, "run"],
    "evaluate": ["evaluate", AGENT, "--episodes", "2", "--json", "returns.json"],
    "study": ["study", "run", "--levels", "NavigatorEasy", *SMOKE, "all", "--dry-run"],
    "introspect": ["introspect", "density", AGENT, *FEW],
    "report": ["report", AGENT, *FEW],
}
ENDLESS = {
    "record": ["record", "BreakoutEasy", "film.gif", "--steps", "100000", "-o", "64"],
    "train": ["train", "pqn", "NavigatorEasy", "--budget", "tiny", "--out", "run"],
    "evaluate": ["evaluate", AGENT, "--episodes", "2"],
    "introspect": ["introspect", "density", AGENT, *FEW],
    "report": ["report", AGENT, *FEW],
    "play": ["play", "NavigatorEasy"],
}
AT_ONCE = {
    "first look": [],
    "games": ["games"],
    "agents": ["agents"],
    "study": ["study", "run", "--levels", "NavigatorEasy", *SMOKE, "all", "--dry-run"],
}

# Runs a command for a user who is not in the list of users.
NAMELESS = """
import pwd, sys

def unknown(user):
    raise KeyError(user)

pwd.getpwuid = pwd.getpwnam = unknown
from arcade_gym.commands.main import main
sys.exit(main())
"""
# Runs a command and presses Ctrl-C whenever it traces or compiles something.
WHILE_COMPILING = """
import os, signal, sys
import jax
from arcade_gym.commands.main import main

def press(event, seconds, **details):
    os.kill(os.getpid(), signal.SIGINT)

jax.monitoring.register_event_duration_secs_listener(press)
sys.exit(main())
"""
# The same when it prints its first line.
WHILE_PRINTING = """
import os, signal, sys
from arcade_gym.commands.main import main

def press(text, write=sys.stdout.write):
    os.kill(os.getpid(), signal.SIGINT)
    return write(text)

sys.stdout.write = press
sys.exit(main())
"""


def environment(**changes):
    """Without a home, as `docker run --user` may have it, and without a cache."""
    homes = ("HOME", "XDG_", "JAX_COMPILATION_CACHE_DIR", "MPLCONFIGDIR")
    return {k: v for k, v in os.environ.items() if not k.startswith(homes)} | changes


def run(python, folder, **options):
    return subprocess.run(
        [sys.executable, *python],
        cwd=folder,
        env=environment(SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy"),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        **options,
    )


def chosen(names, *slow):
    """A process for each takes its time: all but some are long."""
    return [
        pytest.param(name, marks=pytest.mark.slow if name in slow else pytest.mark.long)
        for name in names
    ]


@pytest.mark.parametrize("name", chosen(COMMANDS, "record", "train"))
def test_commands_need_neither_a_home_nor_a_name_of_the_user(tmp_path, name):
    done = run(["-c", NAMELESS, *COMMANDS[name]], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    if name == "record":
        assert (tmp_path / "film.gif").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize("command", ["record", "evaluate"])
def test_a_disk_that_fills_up_leaves_no_half_film(command):
    if not hasattr(os, "getuid") or os.getuid() != 0:
        pytest.skip("needs the rights of root, to mount a disk of 64 KiB")
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("needs a system on which disks can be mounted")
        try:
            place = Path(folder)
            (place / "film.gif").write_text("precious")
            film = {
                "record": ["BreakoutEasy", "film.gif", "--lanes", "16"],
                "evaluate": [AGENT, "--episodes", "2", "--film", "film.gif"],
            }[command]
            done = run(["-m", "arcade_gym", command, *film], folder)
            assert done.returncode == 1
            message = done.stderr.splitlines()[-1]
            assert "cannot write 'film.gif': No space left on device" in message
            assert "Traceback" not in done.stderr
            assert [path.name for path in place.iterdir()] == ["film.gif"]
            assert (place / "film.gif").read_text() == "precious"
        finally:
            subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("name", chosen(ENDLESS, "record", "train"))
def test_ctrl_c_while_it_compiles_needs_no_traceback(tmp_path, name):
    done = run(["-c", WHILE_COMPILING, *ENDLESS[name]], tmp_path)
    # A second one ends what is still at work; shells make 130 of that too.
    assert done.returncode in (130, -signal.SIGINT), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(  # a process for each
    "name",
    [
        pytest.param(
            name, marks=getattr(pytest.mark, "quick" if name == "games" else "slow")
        )
        for name in AT_ONCE
    ],
)
def test_ctrl_c_while_it_prints_needs_no_traceback(tmp_path, name):
    done = run(["-c", WHILE_PRINTING, *AT_ONCE[name]], tmp_path)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
