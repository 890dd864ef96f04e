"""Files that are whole or absent: a process killed in the middle leaves the old one."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Any


class WriteError(OSError):
    """A file could not be written; says which and why, in one line."""


@contextmanager
def replacing(path: Path) -> Iterator[BufferedWriter]:
    """Opens a file that takes the place of `path` once the block has ended.

    The bytes go to a file beside it and reach the disk before the name changes hands,
    so there is a whole file under `path` at every moment: the old one or the new one.
    If the block raises, or the disk is full, the old one stays.

    Raises:
        WriteError: the file cannot be written.
    """
    fresh = path.with_name(f"{path.name}.tmp")
    with explained(path):
        try:
            with fresh.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def write_json(path: Path, content: Any) -> None:
    """Replaces a file by JSON, indented for readers.

    Raises:
        WriteError: the file cannot be written.
    """
    with replacing(path) as file:
        file.write((json.dumps(content, indent=2) + "\n").encode())


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what the system says of a write into a `WriteError` about this file."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(
            f"cannot write {str(path)!r}: {error.strerror or error}"
        ) from error


def _sync_folder(folder: Path) -> None:
    # Without it a power cut could undo the renaming. Windows cannot open folders.
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
