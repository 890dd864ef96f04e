"""The quickstarts of the README run as they stand there."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("source", BLOCKS, ids=["gymnasium", "functional"])
def test_quickstarts_run(source):
    exec(compile(source, str(README), "exec"), {})
