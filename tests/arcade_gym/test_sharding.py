"""Lanes on many devices and in many processes: identical trajectories."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_gym.sharding import process_seed
from tests.arcade_gym.kit import make
from tests.compiling import process_flags

HERE = Path(__file__).parent


def start(script, *args, **variables):
    """Starts a script of this folder; the number of devices is fixed at start."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(HERE / script), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"JAX_PLATFORMS": "cpu"} | variables,
    )


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def seen():
    return finish(start("many_devices.py", XLA_FLAGS=process_flags(devices=8)))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["NextStep 8", "NextStep torch", "SameStep 8"])
def test_trajectories_do_not_depend_on_the_devices(seen, case):
    assert seen[case]


@pytest.mark.slow
def test_trajectories_do_not_depend_on_other_numbers_of_devices():
    modes = ("NextStep 1 2", "SameStep 1 2 torch")
    found = finish(start("many_devices.py", *modes, XLA_FLAGS=process_flags(devices=8)))
    assert len(found) == 5
    assert all(found.values())


@pytest.mark.slow
def test_one_tensor_per_device_goes_in_and_out(seen):
    assert seen["split actions"]
    assert seen["tensors"] == [2, [4, 64, 64, 3]]


@pytest.mark.slow
def test_jax_arrays_are_global_and_spread(seen):
    assert seen["shards"] == [8, 1]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["other device", "other order"])
def test_actions_from_other_devices_are_moved(seen, place):
    assert seen[place]


@pytest.mark.slow
def test_devices_can_be_named_in_any_order(seen):
    assert seen["named"]


@pytest.mark.slow
def test_states_move_between_numbers_of_devices(seen):
    assert seen["state moves"]


@pytest.mark.slow
def test_devices_never_talk_to_each_other(seen):
    assert seen["collectives"] == []


@pytest.mark.slow
def test_tensors_that_do_not_fit_the_devices_are_refused(seen):
    assert "one tensor for each of the 2 devices" in seen["three tensors"]
    assert "got 9" in seen["bad tensor"]


@pytest.mark.slow
def test_two_processes_play_the_halves_of_one_environment():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        address = f"localhost:{probe.getsockname()[1]}"
    both = [start("many_processes.py", address, str(rank)) for rank in range(2)]
    for rank, result in enumerate(map(finish, both)):
        assert result == {
            "global shape": [4, 7, 64, 64, 3],
            "processes": 2,
            "seeds": [5 + 2 * rank, 6 + 2 * rank],
            "equal": True,
        }


def test_seeds_of_processes_are_global(monkeypatch):
    assert process_seed(3, 100, process=0) == 3
    assert process_seed(3, 100, process=2) == 203
    monkeypatch.setenv("RANK", "4")  # as torchrun sets it
    assert process_seed(3, 100) == 403
    monkeypatch.delenv("RANK")
    assert process_seed(3, 100) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1, "num_envs": 2}, "seed must be at least 0, got -1"),
        ({"seed": 0, "num_envs": 0}, "num_envs must be at least 1, got 0"),
        ({"seed": 0, "num_envs": 1, "process": -1}, "process must be at least 0"),
        ({"seed": 2**32 - 3, "num_envs": 2, "process": 1}, "use a smaller seed"),
    ],
)
def test_bad_seeds_of_processes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        process_seed(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": 0}, "devices must be from 1 to"),
        ({"devices": 99}, "got 99"),
        ({"devices": "cpu:0"}, "list of names"),
        ({"devices": []}, "list of names"),
        ({"devices": ["cpu:0", "cpu:0"]}, "different ones of one platform"),
        ({"devices": ["cpu:0", "gpu:77"]}, "got 'gpu:77'"),
        ({"devices": 1, "device": "cpu"}, "exclude each other"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_bad_devices_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
