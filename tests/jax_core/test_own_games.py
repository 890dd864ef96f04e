"""Games of users: where they appear, and how they are found."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import jax_core
from jax_core import addresses, registered_envs, registry
from jax_core.game import Difficulty
from tests.jax_core.dot import IDS, SPEC, Dot, refusal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dot(ours):
    return jax_core.register(SPEC)


def test_a_registered_game_is_in_every_list(dot):
    assert dot == IDS
    assert registry.games["Dot"] is SPEC
    assert registry.find_level("DotHard") == (SPEC, Difficulty.HARD)
    for ids in (jax_core.registered_envs, registered_envs, registry.registered_envs):
        assert tuple(ids)[-2:] == IDS
    env, params = jax_core.make("DotHard", partial_obs=True, obs_size=64, start=2)
    assert (env.name, params.max_steps, params.start) == ("DotHard", 9, 2)
    registry.unregister("Dot")
    assert not set(IDS) & set(registered_envs)
    with pytest.raises(ValueError, match="Unknown environment 'DotHard'"):
        jax_core.make("DotHard")


def test_the_list_of_ids_is_a_tuple_to_all_who_ask(dot):
    now = tuple(registry.levels)
    assert isinstance(registered_envs, tuple)
    assert registered_envs == now
    assert now == registered_envs
    assert registered_envs != now[:-1]
    assert hash(registered_envs) == hash(now)
    assert len(registered_envs) == len(now) == 32
    assert registered_envs[-1] == "DotHard"
    assert registered_envs[-2:] == IDS
    assert registered_envs.index("DotHard") == 31
    assert registered_envs.count("DotHard") == 1
    assert "DotHard" in registered_envs
    assert next(reversed(registered_envs)) == "DotHard"
    assert (*registered_envs,) == now
    more = ("x",)
    assert registered_envs + more == (*now, "x")
    assert more + registered_envs == ("x", *now)
    assert sorted(registered_envs) == sorted(now)
    assert repr(registered_envs) == repr(now)
    assert json.loads(json.dumps(registered_envs)) == list(now)
    assert pickle.loads(pickle.dumps(registered_envs)) == now


@pytest.mark.parametrize(
    "spec",
    [SPEC, replace(SPEC, game=Dot(), version=1), replace(SPEC, name="Breakout")],
)
def test_a_name_is_registered_once(dot, spec):
    error = refusal(jax_core.register, spec)
    assert f"'{spec.name}' is registered already" in str(error)
    assert len(registered_envs) == 32


def test_a_name_must_not_be_an_id(dot):
    with pytest.raises(ValueError, match="'BreakoutEasy' is registered already"):
        jax_core.register(replace(SPEC, name="BreakoutEasy"))
    jax_core.register(replace(SPEC, name="Dots"))
    with pytest.raises(ValueError, match="'DotEasy' is registered already"):
        jax_core.register(replace(SPEC, name="DotEasy"))


@pytest.mark.parametrize("name", ["Breakout", "Dott"])
def test_only_games_of_ones_own_are_taken_out(dot, name):
    error = refusal(registry.unregister, name)
    assert f"Unknown game of your own '{name}'" in str(error)


MODULE = """
import jax_core
from dataclasses import replace
from tests.jax_core.dot import SPEC, Dot

class {name}(Dot):
    pass

SPEC = replace(SPEC, name="{name}", game={name}())
jax_core.register(SPEC)
"""


@pytest.fixture
def folder(ours, tmp_path, monkeypatch):
    """The present folder; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize("address", ["square:SquareEasy", "square.py:SquareEasy"])
def test_an_address_imports_the_module_once(folder, address):
    (folder / "square.py").write_text(MODULE.format(name="Square"))
    env, _ = jax_core.make(address, obs_size=64)
    assert env.name == "SquareEasy"
    assert registry.resolve(address) == "SquareEasy"
    assert registry.qualified("SquareEasy") == address
    assert registry.qualified("Square") == address.replace("SquareEasy", "Square")
    assert registry.find_level(address) == registry.find_level("SquareEasy")


def test_a_module_that_was_imported_before_is_known(folder):
    (folder / "square.py").write_text(MODULE.format(name="Square"))
    addresses.load("square")
    assert registry.qualified("SquareHard") == "square:SquareHard"
    assert registry.resolve("square:SquareHard") == "SquareHard"


@pytest.mark.parametrize("env_id", ["BreakoutEasy", "Breakout", "NoSuchGame"])
def test_other_ids_are_their_own_addresses(env_id):
    assert registry.resolve(env_id) == registry.qualified(env_id) == env_id


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("missing:DotEasy", "Cannot import 'missing': No module named 'missing'"),
        ("missing.py:DotEasy", "Cannot import 'missing.py': .*No such file"),
        ("needy:DotEasy", "Cannot import 'needy': No module named 'not_installed'"),
        ("idle:DotEasy", "'idle' was imported and registers no game 'DotEasy'"),
        ("square:SquareEesy", "Did you mean 'SquareEasy'"),
        ("json.py:DotEasy", "'json' is another module already; rename the file"),
        (":DotEasy", "Unknown environment"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(folder, address, message):
    (folder / "square.py").write_text(MODULE.format(name="Square"))
    (folder / "needy.py").write_text("import not_installed")
    for name in ("idle.py", "json.py"):
        (folder / name).touch()
    with pytest.raises(ValueError, match=message):
        jax_core.make(address)


@pytest.mark.slow
def test_a_script_is_found_by_its_path_and_starts_no_backend(tmp_path):
    """So a run that a script began can be judged by another process."""
    script = tmp_path / "square.py"
    script.write_text(
        MODULE.format(name="Square")
        + "from jax._src import xla_bridge\n"
        + "assert not xla_bridge.backends_are_initialized()\n"
        + "if __name__ == '__main__':\n"
        + "    print(jax_core.registry.qualified('SquareEasy'))\n"
        + "    jax_core.make(jax_core.registry.qualified('SquareEasy'))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{script}:SquareEasy\n"
