"""Checkpoints: everything that a run needs to go on, in one file.

A file holds a line of JSON that says what it is, the leaves of a tree of arrays as
`equinox.tree_serialise_leaves` writes them, and four bytes that check the rest. It is
written as a whole or not at all.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import equinox as eqx
import jax

from arcade_gym.whole_files import replacing

FORMAT = "arcade-gym checkpoint"
FORMAT_VERSION = 1

_BLOCK = 1 << 20  # bytes read at a time
_CHECK = 4  # bytes of the check sum at the end


class CheckpointError(ValueError):
    """A file that cannot be loaded; the message says why and what can be done."""


def save(path: Path, tree: Any, about: dict[str, Any]) -> None:
    """Writes a tree of arrays; an existing file stays until the new one is whole.

    Args:
        path: of the file.
        tree: leaves may be arrays of JAX and NumPy and Python numbers; raw key data, no
            typed keys.
        about: what `read_header` is to give back; values that JSON can hold.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "leaves": describe(tree),
        **about,
    }
    with replacing(path) as file:
        checked = _CheckedWriter(file)
        checked.write(json.dumps(header).encode() + b"\n")
        eqx.tree_serialise_leaves(checked, tree)
        file.write(checked.sum.to_bytes(_CHECK, "big"))


def read_header(path: Path) -> dict[str, Any]:
    """Reads what `save` was told about the tree, and what it noted itself.

    Raises:
        CheckpointError: there is no file, it is not a checkpoint, or of another format.
    """
    try:
        with path.open("rb") as file:
            return _header(path, file)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error


def load(path: Path, like: Any) -> Any:
    """Reads a tree back.

    Args:
        path: of the file.
        like: a tree of the same structure; its arrays may be `jax.ShapeDtypeStruct`.

    Raises:
        CheckpointError: the file is missing, damaged or foreign, or holds another tree.
    """
    header = read_header(path)
    _check_leaves(path, header["leaves"], describe(like))
    _check_sum(path)
    with path.open("rb") as file:
        file.readline()
        return eqx.tree_deserialise_leaves(file, like)


def describe(tree: Any) -> list[list[Any]]:
    """Name, dtype and shape of every array of a tree, in the order of its leaves."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [
        [jax.tree_util.keystr(path), str(leaf.dtype), list(leaf.shape)]
        for path, leaf in leaves
        if hasattr(leaf, "dtype")
    ]


def nbytes(tree: Any) -> int:
    """Bytes of all arrays of a tree; they may be `jax.ShapeDtypeStruct`."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if hasattr(leaf, "dtype")]
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


class _CheckedWriter:
    """Passes bytes on and keeps their check sum."""

    def __init__(self, file: BinaryIO) -> None:
        self.sum = 0
        self._file = file

    def write(self, block: Any) -> int:
        self.sum = zlib.crc32(block, self.sum)
        return self._file.write(block)


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    try:
        header = json.loads(file.readline(_BLOCK * 16))
    except ValueError as error:  # no JSON, no text, or a line without an end
        raise CheckpointError(f"{path} is not a checkpoint of arcade-gym") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of arcade-gym")
    version = header.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format {version}, and this version of arcade-gym reads format "
            f"{FORMAT_VERSION}; use the version that wrote it: {header.get('versions')}"
        )
    return header


def _check_leaves(path: Path, found: Any, wanted: list[list[Any]]) -> None:
    if found == wanted:
        return
    for there, here in zip(found, wanted, strict=False):
        if there != here:
            raise CheckpointError(
                f"{path} belongs to another run: its array {_words(there)} should be "
                f"{_words(here)}"
            )
    raise CheckpointError(
        f"{path} belongs to another run: it holds {len(found)} arrays, not "
        f"{len(wanted)}"
    )


def _words(leaf: list[Any]) -> str:
    name, dtype, shape = leaf
    return f"{name} {dtype}{shape}"


def _check_sum(path: Path) -> None:
    found = 0
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size - _CHECK
        while left > 0:
            block = file.read(min(_BLOCK, left))
            found = zlib.crc32(block, found)
            left -= len(block)
        wanted = int.from_bytes(file.read(_CHECK), "big")
    if found != wanted:
        raise CheckpointError(
            f"{path} is damaged: its bytes do not agree with its check sum. Start the "
            "run again with --overwrite"
        )
