"""Lines of JSON lose nothing; TensorBoard and W&B get every number."""

import errno
import json
import math
import os
import sys
import types

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from arcade_gym.baselines.runs.sinks import JsonLines, TensorBoard, Wandb


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_are_appended(tmp_path):
    path = tmp_path / "metrics.jsonl"
    for number in range(2):
        file = JsonLines(path)
        file.write({"steps": number, "list": [1.5, math.nan]})
        assert file.size == path.stat().st_size
        file.close()
    assert lines(path) == [{"steps": n, "list": [1.5, None]} for n in range(2)]


def test_numbers_that_json_lacks_become_null(tmp_path):
    file = JsonLines(tmp_path / "x.jsonl")
    file.write({"a": math.nan, "b": {"c": math.inf}})
    assert lines(file.path) == [{"a": None, "b": {"c": None}}]
    file.close()


class FullDisk:
    """A file on a disk that takes half of a line and then no more."""

    def __init__(self, file):
        self.file, self.is_full = file, True

    def write(self, content):
        if not self.is_full:
            return self.file.write(content)
        if len(content) > 4:
            return self.file.write(content[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    def truncate(self, size):
        os.truncate(self.file.name, size)

    def close(self):
        self.file.close()


def test_a_full_disk_keeps_lines_back_and_loses_none(tmp_path, capsys):
    file = JsonLines(tmp_path / "x.jsonl")
    file.write({"steps": 1})
    file._file = disk = FullDisk(file._file)
    file.write({"steps": 2})
    assert "No space left on device; lines are kept back" in capsys.readouterr().err
    assert lines(file.path) == [{"steps": 1}]  # no half line
    with pytest.raises(OSError, match="No space left"):
        file.size  # noqa: B018  # so that no checkpoint counts on them
    disk.is_full = False
    file.write({"steps": 3})
    assert lines(file.path) == [{"steps": n} for n in (1, 2, 3)]
    file.close()


def test_a_disk_that_stays_full_is_an_error_at_the_end(tmp_path):
    file = JsonLines(tmp_path / "x.jsonl")
    file._file = FullDisk(file._file)
    file.write({"steps": 2})
    with pytest.raises(OSError, match="No space left"):
        file.close()


def points(folder):
    events = EventAccumulator(str(folder)).Reload()
    return {
        name: [(event.step, round(event.value, 6)) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of TensorBoard's reader
def test_tensorboard_gets_curves_with_gaps(tmp_path):
    sink = TensorBoard(tmp_path, steps=0)
    sink.write(10, {"loss": 0.5, "return": math.nan})
    sink.write(20, {"loss": 0.25, "return": 1.0})
    sink.close()
    assert points(tmp_path) == {"loss": [(10, 0.5), (20, 0.25)], "return": [(20, 1.0)]}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of TensorBoard's reader
def test_tensorboard_hides_what_a_resumed_run_does_again(tmp_path):
    sink = TensorBoard(tmp_path, steps=0)
    for steps in (10, 20, 30):
        sink.write(steps, {"loss": float(steps)})
    sink.close()
    again = TensorBoard(tmp_path, steps=10)
    again.write(20, {"loss": 7.0})
    again.close()
    assert points(tmp_path) == {"loss": [(10, 10.0), (20, 7.0)]}


@pytest.fixture
def wandb(monkeypatch):
    """A stand-in that notes every call."""
    calls = []

    def note(name):
        return lambda *args, **kwargs: calls.append((name, args, kwargs))

    run = types.SimpleNamespace(
        **{name: note(name) for name in ("define_metric", "log", "finish")}
    )

    def init(**options):
        calls.append(("init", (), options))
        return run

    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(init=init))
    return calls


def test_wandb_gets_numbers_over_steps_and_can_be_resumed(wandb, tmp_path):
    sink = Wandb(tmp_path / "x-s0", "abc", {"seed": 0})
    sink.write(10, {"loss": 0.5, "return": math.nan})
    sink.close()
    options = wandb[0][2]
    assert options["id"] == "abc"
    assert options["resume"] == "allow"
    assert options["name"] == "x-s0"
    assert options["config"] == {"seed": 0}
    assert ("log", ({"steps": 10, "loss": 0.5},), {}) in wandb
    assert wandb[-1][0] == "finish"


@pytest.mark.parametrize(
    ("package", "open_sink"),
    [
        ("tensorboardX", lambda path: TensorBoard(path, 0)),
        ("wandb", lambda path: Wandb(path, "x", {})),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    tmp_path, monkeypatch, package, open_sink
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"{package}: .*arcade-gym\[logging\]"):
        open_sink(tmp_path)
