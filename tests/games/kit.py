"""What the tests of single games share: compiled functions, played states, pixels."""

import functools
from types import SimpleNamespace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jax_core
from jax_core.environment import select
from jax_core.game import Visibility
from jax_core.rendering.layout import Format
from jax_core.rendering.render import render_with
from jax_core.rendering.strips import draw_by_selects
from tests import states as batches
from tests.compiling import jit_fully, jit_plainly
from tests.players import rollout

FALSE_ALARM = 1e-6  # chance that a correct game fails one test of a distribution
CHUNK = 256  # lanes of a compiled function

FULL_FIELD, WIDE_FIELD = (16, 16, 96, 96), (14, 14, 100, 100)  # units: x, y, w, h
HEADER = (0, 0, 128, 14)

both_sizes = pytest.mark.parametrize(
    "size", [128, pytest.param(256, marks=pytest.mark.slow)]
)


def larger(env_id):
    """A level in frames of 256 pixels."""
    return pytest.param(env_id, 256, marks=pytest.mark.slow)


@functools.cache
def make(env_id, *, partial=False, size=128):
    return jax_core.make(env_id, partial_obs=partial, obs_size=size)


@functools.cache
def _environment(game, *, partial=False, size=128):
    """One environment for all levels of a game, so that they share compiled code."""
    env_id = next(i for i in jax_core.registered_envs if make(i)[0].game == game)
    return make(env_id, partial=partial, size=size)[0]


@functools.cache
def _compiled(game):
    env = _environment(game)

    def batched(function, args):
        return jit_plainly(jax.vmap(function, in_axes=(0,) * args + (None,)))

    def step(key, *args):
        return env.transition(jax.random.wrap_key_data(key), *args)

    return SimpleNamespace(
        init=batched(env.init, 1),
        step=batched(step, 3),
        scenes={
            view: batched(lambda one, params, v=view: game.scene(one, params, v), 1)
            for view in Visibility
        },
    )


@functools.cache
def _drawing(game, partial, size):
    """Draws as on a CPU; that GPUs draw alike is a matter of conformity."""
    env = _environment(game, partial=partial, size=size)

    def draw(state, params):
        scene = game.scene(state, params, env.visibility)
        return render_with(scene, form=Format(size), draw=draw_by_selects)

    return jit_fully(jax.vmap(draw, in_axes=(0, None)))


def _in_chunks(function, params, count, *batches):
    """Calls a batched function on chunks of one size, so that it is compiled once."""
    results = []
    for start in range(0, count, CHUNK):
        lanes = np.arange(start, start + CHUNK).clip(max=count - 1)
        chunk = jax.tree.map(lambda leaf, k=lanes: leaf[k], batches)
        results.append(jax.tree.map(np.asarray, function(*chunk, params)))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:count], *results)


def put(states, **fields):
    """Replaces fields of a batch, with NumPy arrays throughout."""
    return jax.tree.map(np.asarray, batches.put(states, **fields))


def _keys(seed, count):
    """Words of keys; of whole chunks, so that few numbers of keys are compiled."""
    whole = -(-count // CHUNK) * CHUNK
    keys = jax.random.split(jax.random.key(seed), whole)
    return np.asarray(jax.random.key_data(keys))[:count]


@functools.cache
def fresh(env_id, lanes, seed=0):
    """First states of many episodes."""
    env, params = make(env_id)
    return _in_chunks(_compiled(env.game).init, params, lanes, _keys(seed, lanes))


def step(env_id, states, actions, seed=0):
    """One step of a batch; `actions` may be one for all."""
    lanes = len(states.time)
    states = jax.tree.map(np.asarray, states)
    actions = np.broadcast_to(np.asarray(actions, np.int32), (lanes,))
    env, params = make(env_id)
    compiled = _compiled(env.game).step
    return _in_chunks(compiled, params, lanes, _keys(seed, lanes), states, actions)


def state(env_id, **fields):
    """A batch of one state, set by hand where fields are given."""
    one = {name: np.asarray(value)[None] for name, value in fields.items()}
    return put(fresh(env_id, 1), **one)


def stack(states):
    """Joins batches."""
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *states)


def one_step(env_id, action, seed=0, **fields):
    """Steps a state set by hand; gives the new fields and the outcome as NumPy."""
    result = step(env_id, state(env_id, **fields), action, seed)
    lane = jax.tree.map(lambda leaf: leaf[0], result)
    return SimpleNamespace(
        **vars(lane.state),
        reward=lane.reward,
        terminated=bool(lane.terminated),
        truncated=bool(lane.truncated),
    )


def frames(env_id, states, *, partial=False, size=128):
    """Draws a batch."""
    states = jax.tree.map(np.asarray, states)
    env, params = make(env_id)
    draw = _drawing(env.game, partial, size)
    return _in_chunks(draw, params, len(states.time), states)


def scene(env_id, states, *, partial=True):
    """Arrays of the scenes of a batch."""
    states = jax.tree.map(np.asarray, states)
    view = Visibility.PARTIAL if partial else Visibility.FULL
    env, params = make(env_id)
    compiled = _compiled(env.game).scenes[view]
    return jax.tree.leaves(_in_chunks(compiled, params, len(states.time), states))


def look_equal(env_id, states, others, *, partial=True, sizes=(128,)):
    """Whether two batches agree in scenes and, lane by lane, in all pixels."""
    pairs = zip(
        scene(env_id, states, partial=partial),
        scene(env_id, others, partial=partial),
        strict=True,
    )
    return all(np.array_equal(a, b) for a, b in pairs) and all(
        np.array_equal(
            frames(env_id, states, partial=partial, size=size),
            frames(env_id, others, partial=partial, size=size),
        )
        for size in sizes
    )


def views_agree(env_id, states):
    """Whether a batch looks the same in both views."""
    full, partial = (frames(env_id, states, partial=view) for view in (False, True))
    return np.array_equal(full, partial)


@functools.cache
def reachable(env_id, act, *, count=1024, seed=0, chance=0.3, lanes=64):
    """States in the course of play, never ended ones.

    Args:
        act: scripted player, `act(state, params)`.
        count: number of states.
        chance: of a random action instead of the player's.
    """
    env, params = make(env_id)
    keys = jax.random.split(jax.random.key(seed), lanes)
    steps = 4 * count // lanes
    states = _wander(env.game, act, steps)(keys, params, jnp.float32(chance))
    chosen = np.random.default_rng(seed).permutation(4 * count)[:count]
    return jax.tree.map(
        lambda leaf: np.asarray(leaf).reshape(-1, *leaf.shape[2:])[chosen], states
    )


@functools.cache
def _wander(game, act, steps):
    env = _environment(game)

    def run(key, params, chance):
        def one_step(state, key):
            step_key, init_key, choice_key, action_key = jax.random.split(key, 4)
            action = jnp.where(
                jax.random.bernoulli(choice_key, chance),
                jax.random.randint(action_key, (), 0, 5, jnp.int32),
                jnp.asarray(act(state, params), jnp.int32),
            )
            result = env.transition(step_key, state, action, params)
            after = select(result.done, env.init(init_key, params), result.state)
            return after, after

        start_key, steps_key = jax.random.split(key)
        start = env.init(start_key, params)
        return jax.lax.scan(one_step, start, jax.random.split(steps_key, steps))[1]

    return jit_plainly(jax.vmap(run, in_axes=(0, None, None)))


class Summary(NamedTuple):
    """Episodes in numbers."""

    total: np.ndarray
    length: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray


def constant_actions(env_id, action, count):
    """The same move in every step of `count` episodes."""
    return np.full((count, make(env_id)[1].max_steps), action, np.int32)


def random_actions(env_id, count, seed=0):
    """Uniformly random moves for `count` episodes."""
    shape = (count, make(env_id)[1].max_steps)
    return np.random.default_rng(seed).integers(0, 5, shape, np.int32)


@functools.cache
def _playing(game, plan):
    """Plays a plan, or given actions where there is none."""
    env = _environment(game)

    def run(key, actions, params):
        keys = rollout.episode_keys(jax.random.wrap_key_data(key), len(actions))
        if plan is not None:
            actions = plan(env, params, keys)
        played = rollout.follow(env, params, keys, actions)
        return Summary(
            total=played.total,
            length=played.length,
            terminated=played.terminated.any(),
            truncated=played.truncated.any(),
        )

    return jit_plainly(jax.vmap(run, in_axes=(0, 0, None)))


def follow(env_id, actions, seed=0):
    """Plays given moves, one row per episode."""
    return _play(env_id, None, actions, seed)


def episodes(env_id, plan, count, seed=0):
    """Returns and lengths of episodes of a scripted player, and how they ended."""
    return _play(env_id, plan, constant_actions(env_id, 0, count), seed)


def _play(env_id, plan, actions, seed):
    env, params = make(env_id)
    played = _playing(env.game, plan)(_keys(seed, len(actions)), actions, params)
    return jax.tree.map(np.asarray, played)


def assert_random_play_earns(env_id, mean, deviation, *, worst, count=512, seed=1):
    """Compares returns of random play with the table of the rule pages."""
    totals = follow(env_id, random_actions(env_id, count), seed).total
    assert agrees_with_table(totals, mean, deviation)
    assert totals.min() >= worst - 1e-5
    assert totals.max() <= 1 + 1e-5


def agrees_with_table(totals, mean, deviation):
    """Whether a sample fits the rounded mean of 8,192 episodes of the rule pages."""
    error = deviation * np.sqrt(1 / len(totals) + 1 / 8192)
    return abs(totals.mean() - mean) < 3 * error + 0.0005


def is_uniform(counts, *, inclusion=None):
    """Chi-square test at the level FALSE_ALARM.

    Args:
        counts: how often each cell came, last axis; earlier axes are added up.
        inclusion: chance of a cell where several distinct cells are drawn at once,
            which makes counts vary less than independent ones.
    """
    counts = np.asarray(counts, np.float64)
    cells = counts.shape[-1]
    expected = counts.mean(axis=-1, keepdims=True)
    spread = expected
    if inclusion is not None:
        spread = expected * (1 - inclusion) * cells / (cells - 1)
    statistic = ((counts - expected) ** 2 / spread).sum()
    freedom = counts.size // cells * (cells - 1)
    return stats.chi2.sf(statistic, freedom) > FALSE_ALARM


def cut(pictures, field, rows, cols):
    """Cuts [n, size, size, 3] into cells: bytes [n, rows, cols, k].

    Args:
        field: x, y, width and height in 1/128 of the side.
    """
    scale, rest = divmod(pictures.shape[1], 128)
    assert rest == 0
    x, y, width, height = (scale * units for units in field)
    inner = pictures[:, y : y + height, x : x + width]
    cells = inner.reshape(len(pictures), rows, height // rows, cols, width // cols, 3)
    return cells.swapaxes(2, 3).reshape(len(pictures), rows, cols, -1)


def read(cells, looks):
    """Names of cells by their exact bytes; a picture that is in no table fails."""
    flat = cells.reshape(-1, cells.shape[-1])
    try:
        names = np.array([looks[cell.tobytes()] for cell in flat])
    except KeyError:
        raise AssertionError("a cell has a look that is in no table") from None
    return names.reshape(*cells.shape[:-1], *names.shape[1:])


def table(named_cells):
    """A table for `read`; two names with one look are an error.

    Args:
        named_cells: pairs of name and bytes.
    """
    looks = {}
    for name, cell in named_cells:
        other = looks.setdefault(cell.tobytes(), name)
        assert other == name, f"{other} and {name} look alike"
    return looks


def read_scores(env_id, pictures, largest):
    """Numbers in the headers."""
    looks = _score_looks(make(env_id)[0].game, pictures.shape[1], largest)
    return read(cut(pictures, HEADER, 1, 1), looks)[:, 0, 0]


@functools.cache
def _score_looks(game, size, largest):
    """Headers by number; they are the same at all levels of a game."""
    env_id = _environment(game).name
    numbers = np.arange(largest + 1)
    shown = put(fresh(env_id, largest + 1), score=numbers)
    headers = cut(frames(env_id, shown, size=size), HEADER, 1, 1)[:, 0, 0]
    return table(zip(numbers, headers, strict=True))
