"""What a failing picture or recorded transition tells whoever changed a game."""

import inspect
from pathlib import Path

from jax_core import registry

ROOT = Path(__file__).parents[1]


def advice(env_id, seen, last_step):
    """What was seen, and how a change that is meant is finished.

    `last_step` makes the recording follow.
    """
    spec = registry.find_level(env_id)[0]
    path = Path(inspect.getfile(type(spec.game))).relative_to(ROOT)
    return (
        f"{seen}\n"
        "If that was not meant, it is a fault: the rule or the drawing changed.\n"
        "If it was meant:\n"
        f"  1. Raise `version` of {spec.name} in {path}, which is {spec.version}; "
        "not if no release has it yet.\n"
        f"  2. Say it in CHANGELOG.md and in the docstring of {path}.\n"
        f"  3. {last_step}"
    )


def golden_advice(env_id, name, num_pixels):
    """For a frame that is not the golden one."""
    return advice(
        env_id,
        f"{name} differs from what {env_id} draws now, in {num_pixels} pixels.",
        "pytest tests/rendering/test_golden_frames.py --update-golden, and look at the "
        "pictures that git says are changed.",
    )


def transition_advice(env_id, wrong_rows):
    """For transitions that differ; `wrong_rows` counts them by field."""
    fields = ", ".join(f"{name} in {rows} rows" for name, rows in wrong_rows.items())
    return advice(
        env_id,
        f"{env_id} plays differently from the recorded transitions: {fields}.",
        "Give it the next number N under `Differences from the published package` in "
        f"that docstring, and run: python -m tests.transitions {env_id} N",
    )
