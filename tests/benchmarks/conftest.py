"""What tests of comparisons with other packages share."""

import stat
import sys

import pytest


@pytest.fixture
def interpreter(tmp_path, request):
    """Makes an interpreter that runs the given lines instead of a peer's script.

    They stand in the frame that the module of the test calls FAKE.
    """

    def make(body):
        path = tmp_path / "python"
        path.write_text(request.module.FAKE.format(python=sys.executable, body=body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make
