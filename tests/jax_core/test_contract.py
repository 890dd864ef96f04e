"""What a game has to keep, and how one that does not is refused."""

import re
from dataclasses import dataclass, replace

import jax.numpy as jnp
import pytest

import jax_core
from jax_core import contract, registry
from jax_core.contract import ContractError
from jax_core.game import Difficulty, GameParams, GameState, Outcome, Visibility
from jax_core.pytree import pytree
from jax_core.rendering.scene import Band
from tests.jax_core.dot import SPEC, Dot, Params, refusal


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
        ({"levels": easy(Params(max_steps=0))}, "max_steps must be from 1 to .* got 0"),
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
