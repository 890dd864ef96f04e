"""One command with verbs: which file a verb imports, and how it ends."""

import importlib.util
import subprocess
import sys

import pytest

from arcade_gym.commands import games
from arcade_gym.commands import main as command
from arcade_gym.commands.main import VERBS, main
from jax_core.version import __version__

# Prints what the help of each verb imports, as it were in a process of its own.
HELP_OF_EVERY_VERB = """
import sys
from jax._src import xla_bridge
from arcade_gym.commands.main import VERBS, main

for verb in VERBS:
    for name in [name for name in sys.modules if "arcade_gym.commands" in name]:
        del sys.modules[name]
    try:
        main([verb, "--help"])
    except SystemExit:
        pass
    assert not xla_bridge.backends_are_initialized()
    assert not {"torch", "pygame", "imageio_ffmpeg"} & set(sys.modules)
    found = [name for name in VERBS if "arcade_gym.commands." + name in sys.modules]
    print(verb, "imports", *found)
"""

# Runs the verbs of the baselines as if one package of their extra were not installed.
WITHOUT_A_PACKAGE = """
import sys
from arcade_gym.commands.main import main

for package in ("equinox", "optax", "tyro"):
    for verb in ("train", "resume", "evaluate", "study", "introspect", "report"):
        for name in list(sys.modules):
            rooms = "baselines", "commands.", "introspection", "report", "study"
            if name.startswith(tuple(f"arcade_gym.{room}" for room in rooms)):
                del sys.modules[name]
        sys.modules[package] = None
        assert main([verb, "--help"]) == 2
    del sys.modules[package]
"""


@pytest.mark.quick
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_explains_itself_in_80_columns(monkeypatch, capsys, verb):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"usage: arcade-gym {verb} ")
    assert max(map(len, lines)) <= 80


def test_a_verb_imports_no_other_and_starts_no_backend():
    done = subprocess.run(
        [sys.executable, "-c", HELP_OF_EVERY_VERB],
        capture_output=True,
        text=True,
        check=True,
    )
    seen = [line for line in done.stdout.splitlines() if " imports " in line]
    assert seen == [f"{verb} imports {verb}" for verb in VERBS]


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_help_lists_the_verbs(capsys, option):
    assert main([option]) == 0
    text = capsys.readouterr().out
    for name, verb in VERBS.items():
        assert f"  {name} " in text
        assert verb.help in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"arcade-gym {__version__}\n"


@pytest.mark.parametrize("wrong", ["recrod", "Record", "--lanes", ""])
def test_an_unknown_verb_is_refused(capsys, wrong):
    assert main([wrong]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"arcade-gym: Unknown command {wrong!r}.")
    assert message.endswith(f"All: {', '.join(VERBS)}\n")
    if wrong == "recrod":
        assert "Did you mean 'record'?" in message


def test_a_missing_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pygame", None)
    assert main(["play", "NavigatorEasy"]) == 2
    assert capsys.readouterr().err == (
        "arcade-gym: `play` needs pygame: pip install 'arcade-gym[human]'\n"
    )


@pytest.mark.slow
def test_learning_without_its_extra_names_the_line_that_installs_it():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_PACKAGE],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines() == [
        f"arcade-gym: `{verb}` needs {package}: pip install 'arcade-gym[baselines]'"
        for package in ("equinox", "optax", "tyro")
        for verb in ("train", "resume", "evaluate", "study", "introspect", "report")
    ]


def test_a_fault_of_ours_is_not_taken_for_a_missing_extra(monkeypatch):
    def broken(name):
        raise ModuleNotFoundError("No module named 'x'", name="arcade_gym.x")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError):
        main(["play"])


def test_ctrl_c_ends_every_verb_without_a_traceback(monkeypatch, capsys):
    def interrupted(argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(games, "main", interrupted)
    assert main(["games"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_leaves_is_no_error():
    """As in `arcade-gym games | head -1`."""
    with subprocess.Popen(
        [sys.executable, "-m", "arcade_gym", "games"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_modules_of_the_present_folder_can_be_named(tmp_path, monkeypatch):
    """Also where the command was started through its console script."""
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "module_of_this_folder.py").write_text("def act(state, params): ...")
    assert main(["games"]) == 0
    assert importlib.util.find_spec("module_of_this_folder") is not None


@pytest.mark.quick
def test_the_published_name_plays(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "argv", ["popgym-arcade-play", "BreakoutEasy"])
    monkeypatch.setattr(command, "_run", lambda arguments: seen.extend(arguments) or 0)
    assert command.play() == 0
    assert seen == ["play", "BreakoutEasy"]
