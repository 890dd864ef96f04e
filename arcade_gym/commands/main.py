"""`arcade-gym VERB`: finds the verb, imports its file and nothing else, and runs it."""

import atexit
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from arcade_gym import ctrl_c
from jax_core import registry
from jax_core.version import __version__


class Verb(NamedTuple):
    """What the help says of a verb, and the extra that brings what it imports."""

    help: str
    extra: str = ""


VERBS = {
    "games": Verb("lists the games, or what there is to know of one"),
    "play": Verb("plays by hand, in a window", extra="human"),
    "record": Verb("films lanes of a batch as GIF or MP4"),
    "train": Verb("trains agents with memory", extra="baselines"),
    "resume": Verb("goes on with training that was stopped", extra="baselines"),
    "agents": Verb("lists the trained agents that come along", extra="baselines"),
    "evaluate": Verb("judges trained agents in both views", extra="baselines"),
    "study": Verb("compares memories over levels and seeds", extra="baselines"),
    "introspect": Verb("asks what an agent remembers", extra="baselines"),
    "report": Verb("writes one page about runs, to look inside", extra="baselines"),
}
"""Each is a file of this folder; its `main(argv)` returns an exit code, None is 0."""

INTERRUPTED = 128 + 2  # as shells count Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; without arguments, shows a first look.

    Returns:
        The exit code: 0, 1 after a failure, 2 where the command line is wrong or a
        package is missing, 130 after Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "" not in sys.path:
        sys.path.append("")  # `mine:policy` may lie in the present folder
    _do_without_a_home()
    try:
        ctrl_c.raise_again()
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        if argv is None:  # what is still compiling is ended by a second one
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        return INTERRUPTED
    except BrokenPipeError:  # `arcade-gym games | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def play() -> int:
    """`popgym-arcade-play`, the published package's name of `arcade-gym play`."""
    return main(["play", *sys.argv[1:]])


def _do_without_a_home() -> None:
    """Gives matplotlib a folder where there is no home; it could not be imported."""
    try:
        Path.home()
    except RuntimeError:
        if "MPLCONFIGDIR" not in os.environ:
            os.environ["MPLCONFIGDIR"] = folder = tempfile.mkdtemp()
            atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _run(arguments: list[str]) -> int:
    name, *rest = arguments or ["first_look"]
    if name in ("-h", "--help"):
        print(_help())
        return 0
    if name == "--version":
        print(f"arcade-gym {__version__}")
        return 0
    if arguments and name not in VERBS:
        return _refuse(registry.unknown("command", name, tuple(VERBS)))
    try:
        verb = importlib.import_module(f"arcade_gym.commands.{name}")
        return verb.main(rest) or 0
    except ModuleNotFoundError as error:
        extra = VERBS[name].extra if arguments else ""
        if not extra or str(error.name).startswith(("arcade_gym", "jax_core")):
            raise
        return _refuse(
            f"`{name}` needs {error.name}: pip install 'arcade-gym[{extra}]'"
        )


def _refuse(reason: str) -> int:
    print(f"arcade-gym: {reason}", file=sys.stderr)
    return 2


def _help() -> str:
    width = max(map(len, VERBS))
    lines = [f"  {name:<{width}}  {verb.help}" for name, verb in VERBS.items()]
    return "\n".join(
        [
            "usage: arcade-gym [VERB] [OPTIONS]",
            "",
            "Without a verb: versions, devices, games and what to do next.",
            "",
            *lines,
            "",
            "`arcade-gym VERB --help` lists the options of a verb.",
        ]
    )
