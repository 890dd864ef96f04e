"""The recipe of CONTRIBUTING for a new game, followed step by step."""

import os
import re
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jax_core
from jax_core import registry

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
RECIPE = GUIDE.partition("## Adding a game")[2].partition("\n## ")[0]
FILES = re.findall(r"^\d\. `(\S+\.py)`.*?```python\n(.*?)```", RECIPE, re.M | re.S)
LINES = re.findall(r"^\| `(\S+)`.*? \| `(.*?)` \| `(.*?)` \|$", RECIPE, re.M)
COMMANDS = re.findall(r"```bash\n(.*?)```", RECIPE, re.DOTALL)


@pytest.fixture
def catch(monkeypatch):
    """The module in the guide, registered."""
    module = types.ModuleType("catch")
    monkeypatch.setitem(sys.modules, "catch", module)
    exec(compile(FILES[0][1], FILES[0][0], "exec"), module.__dict__)
    jax_core.register(module.SPEC)
    yield module
    registry.unregister("Catch")


def test_the_game_in_the_guide_can_be_played(catch):
    env, params = jax_core.make("CatchEasy", obs_size=64)
    keys = jax.random.split(jax.random.key(0), 16)
    state = jax.vmap(env.init)(keys)
    transition = jax.jit(jax.vmap(env.transition, in_axes=(0, 0, 0, None)))
    total = 0.0
    for _ in range(params.size - 1):
        ball, basket = np.asarray(state.ball_x), np.asarray(state.basket_x)
        actions = np.where(ball < basket, 2, np.where(ball > basket, 3, 0))
        result = transition(keys, state, actions.astype(np.int32), params)
        state, total = result.state, total + result.reward
    assert result.terminated.all()
    assert (total == 1).all()


def test_the_game_in_the_guide_hides_the_ball(catch):
    full, partial = (
        jax_core.make("CatchEasy", partial_obs=partial_obs, obs_size=64)[0]
        for partial_obs in (False, True)
    )
    start = full.init(jax.random.key(0))
    for row, is_same in ((1, True), (5, False)):
        state = replace(start, ball_y=jnp.int32(row))
        assert np.array_equal(full.get_obs(state), partial.get_obs(state)) == is_same


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the repository in which the recipe was followed as it is written."""
    root = tmp_path_factory.mktemp("clone")
    for folder in ("arcade_gym", "docs", "jax_core", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "vectors", "*.gif", "*.png")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    assert [path for path, _ in FILES] == [
        "jax_core/games/catch.py",
        "tests/players/catch.py",
    ]
    assert len(LINES) == 5
    for path, source in FILES:
        (root / path).write_text(source)
    for path, before, line in LINES:
        insert(root / path, before, line)
    return root


def insert(path, before, line):
    """Puts a line after another, which is there once, and as far to the right."""
    text = path.read_text()
    (anchor,) = re.findall(rf"^ *{re.escape(before)}$", text, re.MULTILINE)
    indent = anchor[: len(anchor) - len(anchor.lstrip())]
    path.write_text(text.replace(f"{anchor}\n", f"{anchor}\n{indent}{line}\n", 1))


def run(tree, command):
    """In the copy, with the programs of this environment."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=tree,
        env=os.environ | {"PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_after_the_recipe_the_game_is_everywhere(tree):
    assert "CatchEasy" in run(tree, "python -m arcade_gym games --ids")
    run(tree, "ruff format --check . && ruff check .")
    rule = "Games never import each other"
    assert f"{rule} KEPT" in run(tree, "lint-imports")
    game = tree / "jax_core/games/catch.py"
    source = game.read_text()
    game.write_text(f"{source}\nfrom jax_core.games import tetris\n")
    try:
        with pytest.raises(AssertionError, match=f"{rule} BROKEN"):
            run(tree, "lint-imports")
    finally:
        game.write_text(source)


@pytest.mark.long
def test_the_commands_of_the_recipe_run(tree):
    make, check = COMMANDS
    run(tree, make)
    assert (tree / "tests/rendering/golden/CatchEasy-partial.png").exists()
    assert "Possible returns: 0 ... 1." in (tree / "docs/games/Catch.md").read_text()
    run(tree, check)
