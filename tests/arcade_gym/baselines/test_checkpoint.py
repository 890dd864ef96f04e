"""Checkpoints: exact, whole at every moment, refused with the reason."""

import errno
import json
import os
import shutil

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym import whole_files
from arcade_gym.baselines.runs import checkpoint
from arcade_gym.baselines.runs.checkpoint import CheckpointError

ABOUT = {"rows": 7, "versions": {"package": "9.9"}}


def tree(value=1.0):
    """Leaves of every kind that a run holds."""
    return {
        "weights": jnp.full((3, 2), value),
        "turning": jnp.array([1 + 2j, value], jnp.complex64),
        "key": jax.random.key_data(jax.random.key(3)),
        "flags": jnp.array([True, False]),
        "frames": jnp.arange(12, dtype=jnp.uint8).reshape(2, 6),
        "none": jnp.zeros((0, 4)),
        "count": jnp.int32(5),
        "function": jax.nn.relu,
    }


def same(found, wanted):
    found, wanted = jax.tree.leaves(found), jax.tree.leaves(wanted)
    return all(map(np.array_equal, found, wanted)) and len(found) == len(wanted)


def holds(path, wanted):
    """Whether there is a whole file, and it has these leaves."""
    try:
        return same(checkpoint.load(path, eqx.filter_eval_shape(tree)), wanted)
    except CheckpointError:
        return False


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "checkpoint.eqx"
    checkpoint.save(path, tree(), ABOUT)
    return path


def test_all_leaves_come_back(saved):
    loaded = checkpoint.load(saved, eqx.filter_eval_shape(tree))
    assert same(loaded, tree())
    assert [leaf.dtype for leaf in jax.tree.leaves(eqx.filter(loaded, eqx.is_array))]
    for name, leaf in eqx.filter(tree(), eqx.is_array).items():
        if leaf is not None:
            assert loaded[name].dtype == leaf.dtype


def test_the_header_says_what_it_was_told(saved):
    header = checkpoint.read_header(saved)
    assert header.items() >= ABOUT.items()
    first_line = saved.read_bytes().split(b"\n")[0]
    assert json.loads(first_line) == header


def test_sizes_are_known_without_arrays():
    shapes = eqx.filter_eval_shape(tree)
    assert checkpoint.nbytes(shapes) == checkpoint.nbytes(tree())
    assert checkpoint.nbytes({"frames": jnp.zeros((2, 5), jnp.uint8)}) == 10


class Stages:
    """Copies the folder before and after every call that touches the disk.

    A process that is killed leaves what the folder held at one of these moments.
    """

    def __init__(self, folder, copies):
        self.folder, self.copies, self.count = folder, copies, 0

    def wrap(self, function):
        def call(*args, **kwargs):
            self.copy()
            result = function(*args, **kwargs)
            self.copy()
            return result

        return call

    def copy(self):
        shutil.copytree(self.folder, self.copies / str(self.count))
        self.count += 1


def test_a_process_killed_at_any_stage_leaves_a_whole_file(
    saved, tmp_path_factory, monkeypatch
):
    stages = Stages(saved.parent, tmp_path_factory.mktemp("copies"))
    monkeypatch.setattr(os, "fsync", stages.wrap(os.fsync))
    monkeypatch.setattr(os, "replace", stages.wrap(os.replace))
    write = checkpoint._CheckedWriter.write

    def flushed_write(self, block):
        stages.copy()
        written = write(self, block)
        self._file.flush()
        stages.copy()
        return written

    monkeypatch.setattr(checkpoint._CheckedWriter, "write", flushed_write)
    checkpoint.save(saved, tree(2.0), ABOUT)
    assert stages.count > 20
    found = []
    for number in range(stages.count):
        path = stages.copies / str(number) / saved.name
        is_new = holds(path, tree(2.0))
        assert is_new or holds(path, tree())
        found.append(is_new)
    assert found == sorted(found)  # the old one, then the new one
    assert not found[0]
    assert found[-1]


def test_remains_of_a_killed_process_are_no_hindrance(saved):
    remains = saved.with_name("checkpoint.eqx.tmp")
    remains.write_bytes(b"half")
    checkpoint.save(saved, tree(2.0), ABOUT)
    assert not remains.exists()
    assert same(checkpoint.load(saved, tree()), tree(2.0))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(saved, monkeypatch):
    def refuse(self, block):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint._CheckedWriter, "write", refuse)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(saved, tree(2.0), ABOUT)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    assert same(checkpoint.load(saved, tree()), tree())


# In the last array, where loading notices nothing; before it; in the check sum.
@pytest.mark.parametrize("place", [-12, -200, -1])
def test_a_changed_byte_is_noticed(saved, place):
    content = bytearray(saved.read_bytes())
    content[place] ^= 1
    saved.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.load(saved, tree())


def test_a_cut_file_is_noticed(saved):
    content = saved.read_bytes()
    saved.write_bytes(content[:-10])
    with pytest.raises(CheckpointError, match="is damaged"):
        checkpoint.load(saved, tree())
    saved.write_bytes(content[:30])
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        checkpoint.load(saved, tree())


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1, 2]\n", b'{"a": 1}\nx'])
def test_foreign_files_are_refused(tmp_path, content):
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a checkpoint of arcade-gym"):
        checkpoint.load(path, tree())


def test_other_formats_are_refused_with_the_version_that_wrote_them(saved, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT_VERSION", 2)
    with pytest.raises(CheckpointError, match=r"has format 1, .* format 2; .*9\.9"):
        checkpoint.load(saved, tree())


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        checkpoint.load(tmp_path / "nothing", tree())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"weights": jnp.zeros((3, 4))},
            r"float32\[3, 2\] should be .*float32\[3, 4\]",
        ),
        ({"count": jnp.float32(5)}, r"int32\[\] should be .*float32"),
        ({"zoo": jnp.zeros(1)}, "holds 7 arrays, not 8"),
    ],
)
def test_other_trees_are_refused(saved, change, message):
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(saved, tree() | change)


def test_json_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "x.json"
    whole_files.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        whole_files.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
