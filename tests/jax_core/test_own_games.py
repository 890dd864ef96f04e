"""Games of users: where they appear, how they are found, and what is refused."""

import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import jax.numpy as jnp
import pytest

import jax_core
from jax_core import addresses, contract, registered_envs, registry
from jax_core.contract import ContractError
from jax_core.game import (
    Difficulty,
    Game,
    GameParams,
    GameSpec,
    GameState,
    Outcome,
    Visibility,
)
from jax_core.pytree import pytree
from jax_core.rendering.scene import (
    FIELD,
    Band,
    Color,
    Fill,
    Grid,
    Paint,
    Scene,
    sprites,
)
from jax_core.types import Count

ROOT = Path(__file__).parents[2]
IDS = ("DotEasy", "DotHard")


@pytree
class Params(GameParams):
    """One level."""

    start: int = 0


@pytree
class State(GameState):
    """One episode in progress."""

    x: Count


class Dot(Game):
    """Walks to the right."""

    def init(self, key, params):
        zero = jnp.int32(0)
        return State(time=zero, score=zero, x=jnp.int32(params.start))

    def step(self, key, state, action, params):
        state = replace(state, x=state.x + 1)
        return state, Outcome(reward=jnp.float32(1.0), terminated=state.x > 3)

    def scene(self, state, params, visibility):
        ids = (jnp.arange(4, dtype=jnp.int32) == state.x).astype(jnp.uint8)[None]
        grid = Grid(ids=ids, tiles=((Paint(sprites.FULL, Color.RED),),), rect=FIELD)
        band = Band(layers=(grid,), still=(Fill(FIELD, Color.INK),))
        return Scene(score=state.score, bands=(band,), title="Dot")


LEVELS = {Difficulty.EASY: Params(max_steps=5), Difficulty.HARD: Params(max_steps=9)}
SPEC = GameSpec(name="Dot", version=0, game=Dot(), levels=LEVELS)


def refusal(function, *arguments):
    """The error that a call raises, None if it works."""
    try:
        function(*arguments)
    except ValueError as error:
        return error
    return None


@pytest.fixture
def ours():
    """The games of this package, which alone are there afterwards."""
    games = set(registry.games)
    yield games
    for name in set(registry.games) - games:
        registry.unregister(name)


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


class Holding(Dot):
    def __init__(self):
        self.size = 4


class Untyped(Dot):
    def init(self, key, params):
        return {"time": 0}


class Scoreless(Dot):
    def init(self, key, params):
        return replace(super().init(key, params), score=jnp.float32(0.0))


class WeakState(Dot):
    def init(self, key, params):
        return replace(super().init(key, params), x=0)


class Undecorated(Dot):
    def init(self, key, params):
        return BareState(time=jnp.int32(0), score=jnp.int32(0))


class BareState(GameState):
    pass


class Failing(Dot):
    def init(self, key, params):
        raise KeyError("no such board\nsecond line")


class Branching(Dot):
    def step(self, key, state, action, params):
        if action == 1:
            return super().step(key, state, action, params)
        raise AssertionError


class Growing(Dot):
    def step(self, key, state, action, params):
        state, outcome = super().step(key, state, action, params)
        return replace(state, x=jnp.stack([state.x, state.x])), outcome


class Floating(Dot):
    def step(self, key, state, action, params):
        state, outcome = super().step(key, state, action, params)
        return replace(state, x=state.x.astype(jnp.float32)), outcome


class WeakStep(Dot):
    def step(self, key, state, action, params):
        state, outcome = super().step(key, state, action, params)
        return replace(state, x=jnp.asarray(1)), outcome


class OtherState(Dot):
    def step(self, key, state, action, params):
        _, outcome = super().step(key, state, action, params)
        return GameState(time=state.time, score=state.score), outcome


class NoPair(Dot):
    def step(self, key, state, action, params):
        return super().step(key, state, action, params)[0]


class NoOutcome(Dot):
    def step(self, key, state, action, params):
        return state, 1.0


class IntegerReward(Dot):
    def step(self, key, state, action, params):
        return state, Outcome(reward=jnp.int32(1), terminated=jnp.bool_(False))


class WeakReward(Dot):
    def step(self, key, state, action, params):
        return state, Outcome(reward=1.0, terminated=jnp.bool_(False))


class IntegerEnd(Dot):
    def step(self, key, state, action, params):
        return state, Outcome(reward=jnp.float32(1), terminated=jnp.int32(0))


class Painting(Dot):
    def scene(self, state, params, visibility):
        return jnp.zeros((64, 64, 3), jnp.uint8)


class HalfPainting(Dot):
    def scene(self, state, params, visibility):
        if visibility is Visibility.FULL:
            return super().scene(state, params, visibility)
        return None


class Undrawable(Dot):
    def scene(self, state, params, visibility):
        scene = super().scene(state, params, visibility)
        return replace(scene, bands=(Band(layers=scene.bands, still=()),))


@dataclass(frozen=True)
class PlainParams:
    max_steps: int = 5


class BareParams(GameParams):
    pass


@pytree
class ListParams(GameParams):
    board: list


def named(value):
    """A name without spaces for a test of a change of SPEC."""
    if not isinstance(value, dict):
        return ""
    ((name, changed),) = value.items()
    return type(changed).__name__ if name == "game" else name


def easy(params):
    return {Difficulty.EASY: params}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "dot"}, "name must be letters and digits, a capital first"),
        ({"name": "My Dot"}, "got 'My Dot'"),
        ({"name": None}, "got None"),
        ({"version": -1}, "version must be an integer of at least 0, got -1"),
        ({"version": "0"}, "version must be an integer"),
        ({"steps_per_second": 0}, "steps_per_second must be None or at least 1"),
        ({"game": Dot}, "an instance of a subclass .* call the class"),
        ({"game": "Dot"}, "game must be an instance"),
        ({"game": Holding()}, r"holds no data.*got \['size'\]. Put constants into"),
        ({"levels": {}}, "levels must be a dict with at least one level"),
        ({"levels": [Params(max_steps=5)]}, "levels must be a dict"),
        ({"levels": {"Easy": Params(max_steps=5)}}, "members of .*Difficulty, got 'Ea"),
        ({"levels": easy(PlainParams())}, "must be a subclass of .*GameParams"),
        ({"levels": easy(BareParams(max_steps=5))}, "Params must be decorated with"),
        ({"levels": easy(Params(max_steps=0))}, "max_steps .* at least 1, got 0"),
        ({"levels": easy(Params(max_steps=2.5))}, "max_steps .* got 2.5"),
        ({"levels": easy(Params(max_steps=None))}, "max_steps .* got None"),
        ({"levels": easy(ListParams(max_steps=5, board=[1]))}, "must be hashable"),
        ({"game": Untyped()}, r"Dot \(easy\): init must return a subclass of .*State"),
        ({"game": Scoreless()}, r"give score as int32\[\].*got float32\[\]"),
        ({"game": WeakState()}, "init leaves the dtype of x open"),
        ({"game": Undecorated()}, "State must be decorated with"),
        ({"game": Failing()}, "init raises KeyError: 'no such board"),
        ({"game": Branching()}, "step raises TracerBoolConversionError"),
        ({"game": Growing()}, r"step changes x from int32\[\] to int32\[2\]"),
        ({"game": Floating()}, r"step changes x from int32\[\] to float32\[\]"),
        ({"game": WeakStep()}, r"step changes x from int32\[\] to weak int32\[\]"),
        ({"game": OtherState()}, "step must return a state of the kind that init"),
        ({"game": NoPair()}, r"step must return \(state, jax_core.game.Outcome"),
        ({"game": NoOutcome()}, r"step must return \(state, jax_core.game.Outcome"),
        ({"game": IntegerReward()}, r"give reward as float32\[\].* got int32\[\]"),
        ({"game": WeakReward()}, r"give reward as float32\[\].* got weak float32\[\]"),
        ({"game": IntegerEnd()}, r"give terminated as bool\[\].* got int32\[\]"),
        ({"game": Painting()}, "scene of the full view must be a .*Scene"),
        ({"game": HalfPainting()}, "scene of the partial view must be a .*Scene"),
        ({"game": Undrawable()}, "scene of the full view cannot be drawn: render"),
    ],
    ids=named,
)
def test_a_game_that_breaks_the_contract_is_refused(
    ours, unchecked_annotations, change, message
):
    error = refusal(jax_core.register, replace(SPEC, **change))
    assert isinstance(error, ContractError)
    assert isinstance(error, TypeError)
    assert isinstance(error, ValueError)
    assert re.search(message, str(error))
    assert set(registry.games) == ours


def test_what_is_no_spec_is_refused(unchecked_annotations):
    with pytest.raises(ContractError, match="a game is registered by its"):
        contract.check({"name": "Dot"})


def test_a_game_of_this_package_keeps_the_contract():
    contract.check(registry.games["Navigator"])


MODULE = """
import jax_core
from dataclasses import replace
from tests.jax_core.test_own_games import SPEC, Dot

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
