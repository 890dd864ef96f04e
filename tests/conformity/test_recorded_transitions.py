import numpy as np
import pytest

import jax_core
from tests import transitions
from tests.rules_change import transition_advice

RECORDED = sorted(path.stem for path in transitions.FOLDER.glob("*.npz"))
"""Levels of the published package; a new game has nothing to agree with."""


def test_every_level_of_the_published_package_is_recorded():
    assert len(RECORDED) == 30
    assert set(RECORDED) <= set(jax_core.registered_envs)


@pytest.mark.parametrize("env_id", RECORDED)
def test_all_recorded_transitions_agree(env_id):
    recording = transitions.load(env_id)
    assert len(recording.action) == 2000
    wrong_rows = transitions.mismatches(env_id, recording)
    assert not wrong_rows, transition_advice(env_id, wrong_rows)


@pytest.mark.parametrize("env_id", RECORDED)
def test_recordings_differ_from_our_rules_only_where_corrected(env_id):
    recording = transitions.load(env_id)
    for name, recorded in recording.recorded.items():
        same = np.isclose(recorded, recording.ours[name], atol=1e-6)
        assert (same | (recording.corrected > 0)).all(), name
