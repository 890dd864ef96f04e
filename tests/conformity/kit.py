"""Compiled functions of every level and view, and random play with them."""

import functools
from dataclasses import dataclass
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

import jax_core
from jax_core import registry
from jax_core.rendering.layout import Format
from jax_core.rendering.render import render_with
from tests.compiling import jit_plainly

LANES = 4
STEPS = 12
VIEWS = ("full", "partial")


@dataclass(frozen=True)
class Case:
    """One level in one view. Levels that differ in numbers only share compiled code."""

    env_id: str
    view: str

    @property
    def game(self):
        return registry.levels[self.env_id][0].name

    @property
    def twin(self):
        """The same level in the other view."""
        return Case(self.env_id, VIEWS[1 - VIEWS.index(self.view)])

    @property
    def env(self):
        return _make(self.env_id, self.view)[0]

    @property
    def params(self):
        return _make(self.env_id, self.view)[1]

    @property
    def step(self):
        """`step(keys, states, actions, params)`, of easy levels as users compile it."""
        compile_function = jax.jit if self.env_id.endswith("Easy") else jit_plainly
        return _step(self.game, self.view, compile_function)

    def init(self, keys):
        return _rules(self.game).init(keys, self.params)

    def transition(self, keys, state, action):
        return _rules(self.game).transition(keys, state, action, self.params)

    def scene(self, state):
        return _scene(self.game, self.view)(state, self.params)

    def play(self, seed=0, steps=STEPS):
        """Results of every step of a batch of random episodes."""
        state = self.init(keys(seed))
        played = []
        for t in range(steps):
            played.append(self.step(keys(1000 + t), state, actions(t), self.params))
            state = played[-1][1]
        return played

    @property
    def played(self):
        """The last results of random play."""
        return _last_results(self)

    def draw(self, state, form_of_drawing, size=128):
        """Frames by one of the two ways of drawing."""
        draw = _drawing(self.game, self.view, form_of_drawing, size)
        return np.asarray(draw(state, self.params))


@functools.cache
def _make(env_id, view):
    return jax_core.make(env_id, partial_obs=view == "partial")


def _over_lanes(function, num_args):
    """Maps over all arguments but the last, the params."""
    return jax.vmap(function, in_axes=(0,) * num_args + (None,))


@functools.cache
def _first_level(game, view="full"):
    levels = registry.levels.items()
    return _make(next(key for key, (spec, _) in levels if spec.name == game), view)


@functools.cache
def _step(game, view, compile_function):
    return compile_function(_over_lanes(_first_level(game, view)[0].step, 3))


@functools.cache
def _rules(game):
    env, _ = _first_level(game)
    return SimpleNamespace(
        init=jit_plainly(_over_lanes(env.init, 1)),
        transition=jit_plainly(_over_lanes(env.transition, 3)),
    )


@functools.cache
def _scene(game, view):
    env, _ = _first_level(game, view)

    def scene(state, params):
        return env.game.scene(state, params, env.visibility)

    return jit_plainly(_over_lanes(scene, 1))


@functools.cache
def _drawing(game, view, form_of_drawing, size):
    env, _ = _first_level(game, view)

    def frame(state, params):
        scene = env.game.scene(state, params, env.visibility)
        return render_with(scene, form=Format(size), draw=form_of_drawing)

    return jit_plainly(_over_lanes(frame, 1))


@functools.lru_cache(maxsize=2)  # the two views of a level
def _last_results(case):
    return jax.tree.map(np.asarray, case.play()[-1])


def keys(seed):
    return jax.random.split(jax.random.key(seed), LANES)


def actions(seed):
    return np.random.default_rng(seed).integers(0, 5, LANES, np.int32)


def equal(tree, other):
    pairs = zip(jax.tree.leaves(tree), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def close(tree, other):
    """Equal, but for the last bits of numbers that two programs compute."""
    pairs = zip(jax.tree.leaves(tree), jax.tree.leaves(other), strict=True)
    return all(
        np.allclose(a, b, rtol=1e-6, atol=1e-7)
        if jnp.issubdtype(a.dtype, jnp.floating)
        else np.array_equal(a, b)
        for a, b in pairs
    )


def lane(tree, index):
    return jax.tree.map(lambda leaf: np.asarray(leaf)[index], tree)
