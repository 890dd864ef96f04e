"""What a cluster has, without one; `test_processes.py` trains on a real one."""

import sys
from types import SimpleNamespace

import pytest

from arcade_gym.study.folder import StudyFolder
from arcade_gym.study.ray_cluster import RayCluster

NODES = [
    {"Alive": True, "Resources": {"CPU": 8.0}},
    {"Alive": True, "Resources": {"CPU": 2.0, "GPU": 1.0}},
    {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 4.0}},
]


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ({"cpus": 8.0}, ""),
        ({"gpus": 0.5}, ""),
        ({"cpus": 9.0}, "a machine with CPU: 9; the largest of the cluster has 8"),
        ({"gpus": 2.0}, "a machine with GPU: 2; the largest of the cluster has 1"),
    ],
)
def test_what_no_machine_has_is_named(needs, said, tmp_path, monkeypatch):
    """Ray itself lets such cells wait without a word."""
    ray = SimpleNamespace(
        is_initialized=lambda: True,
        nodes=lambda: NODES,
        remote=lambda **_: lambda function: function,
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    cluster = RayCluster(StudyFolder(tmp_path), **needs)
    assert cluster.lacks().endswith(said)
    assert (cluster.lacks() == "") == (said == "")
