"""Files that could not be written are named, with the reason, in one line."""

import errno
import os

import pytest

from arcade_gym import whole_files
from arcade_gym.whole_files import WriteError


@pytest.fixture
def full(monkeypatch):
    """A disk that takes nothing more."""

    def fsync(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_full_disk_keeps_the_old_file_and_is_told_in_one_line(tmp_path, full):
    path = tmp_path / "x.json"
    path.write_text("precious")
    with pytest.raises(WriteError) as found:
        whole_files.write_json(path, {"a": 1})
    assert str(found.value) == f"cannot write {str(path)!r}: No space left on device"
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_told_in_one_line(tmp_path):
    path = tmp_path / "nowhere" / "x"
    with (
        pytest.raises(WriteError, match=r"cannot write '.*x': No such file"),
        whole_files.replacing(path),
    ):
        pass


def test_faults_that_are_not_of_writing_stay_as_they_are(tmp_path):
    path = tmp_path / "x"
    with pytest.raises(ZeroDivisionError), whole_files.replacing(path) as file:
        file.write(b"%d" % (1 // 0))
    assert list(tmp_path.iterdir()) == []
