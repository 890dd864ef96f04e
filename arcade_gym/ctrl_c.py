"""Ctrl-C while Python still imports what the command `arcade-gym` needs.

That takes seconds, and Python would end it with a traceback of what it was importing.
So the system ends the process until `arcade_gym.commands.main` is there to do it.
Programs that import the package keep what they have.
"""

import signal
import sys
from pathlib import PurePath

SCRIPTS = ("arcade-gym", "popgym-arcade-play")


def leave_to_the_system() -> None:
    """Ends the process without a word, if it is that of the command."""
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_again() -> None:
    """Makes it a `KeyboardInterrupt` again."""
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_command() -> bool:
    script = PurePath(sys.argv[0] if sys.argv else "")  # none in other programs
    is_starting = script.name == "-m" and "arcade_gym" in sys.orig_argv
    is_module = is_starting or script.parts[-2:] == ("arcade_gym", "__main__.py")
    return is_module or script.stem in SCRIPTS


leave_to_the_system()
