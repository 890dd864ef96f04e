"""The code of docs/stable_baselines3.md runs as it stands there, with fewer steps."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "stable_baselines3.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
FEWER = {"200_000": "64", "n_steps=64": "n_steps=8", "512": "32", "1000": "8"}


@pytest.mark.parametrize("source", BLOCKS, ids=["stock", "device"])
def test_the_code_of_the_page_runs(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for many, few in FEWER.items():
        source = source.replace(many, few)
    source = re.sub(r"num_envs=\d+", "num_envs=4", source)
    found = {}
    exec(compile(source, str(PAGE), "exec"), found)
    assert found["model"].num_timesteps == 64
