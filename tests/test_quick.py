"""`pytest -m quick` leaves no rule file, view, backend and command without a test."""

from pathlib import Path

import pytest

import jax_core
from arcade_gym.commands.main import VERBS
from tests.arcade_gym.kit import BACKENDS

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("folder", ["tests/games", "tests/arcade_gym/commands"])
def test_every_file_of_rules_and_of_commands_has_a_quick_test(quick_tests, folder):
    files = {str(path.relative_to(ROOT)) for path in (ROOT / folder).glob("test_*.py")}
    assert files
    assert files <= {name.partition("::")[0] for name in quick_tests}


@pytest.mark.parametrize(
    ("test", "cases"),
    [
        (
            "rendering/test_golden_frames.py::test_frames_look_as_recorded",
            [env_id for env_id in jax_core.registered_envs if env_id.endswith("Easy")],
        ),
        (
            "arcade_gym/test_vector_env.py::test_results_have_the_type_of_the_backend",
            BACKENDS,
        ),
        (
            "arcade_gym/commands/test_main.py"
            "::test_a_verb_explains_itself_in_80_columns",
            VERBS,
        ),
    ],
    ids=["views", "backends", "commands"],
)
def test_every_view_backend_and_command_has_a_quick_test(quick_tests, test, cases):
    """The first draws a game in both views."""
    assert {f"tests/{test}[{case}]" for case in cases} <= set(quick_tests)
