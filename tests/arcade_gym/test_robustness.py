"""Whatever is passed is taken or refused by name, and a refusal changes nothing."""

import math

import gymnasium
import hypothesis.extra.numpy as arrays_of
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
import torch
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from arcade_gym import ArcadeEnv, ArcadeVectorEnv
from tests.arcade_gym.kit import GAMES, MODES, make

REFUSALS = (ValueError, TypeError)
LARGEST_SEED = 2**32 - 3  # of the first of three lanes
GOOD = np.array([3, 2, 4], np.int32)

some = settings(deadline=None, derandomize=True, max_examples=60)


@pytest.fixture(autouse=True, scope="module")
def _unchecked_annotations():
    """Wrong types reach our own checks, as they do outside the tests."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def make_one(**options):
    return make(3, "BattleShip", backend="torch", render_mode="rgb_array", **options)


@pytest.fixture(scope="module")
def pair():
    """An environment that gets everything, and its twin that gets the good only."""
    pair = make_one(), make_one()
    for envs in pair:
        envs.reset(seed=0)
    return pair


def try_on(pair, call, *, is_good, names):
    """Refused calls raise and change nothing; good ones do the same to both."""
    envs, twin = pair
    if is_good:
        assert_equal(call(envs), call(twin))
    else:
        with pytest.raises(REFUSALS, match=names) as refusal:
            call(envs)
        assert not isinstance(refusal.value, UnicodeError)
    assert_equal(envs.step(GOOD), twin.step(GOOD))


def assert_equal(results, others):
    for ours, theirs in zip(results[:-1], others[:-1], strict=True):
        assert torch.equal(ours, theirs)


INTEGERS = arrays_of.integer_dtypes() | arrays_of.unsigned_integer_dtypes()
ANY_DTYPE = (
    INTEGERS
    | arrays_of.floating_dtypes(endianness="=", sizes=(32, 64))
    | arrays_of.boolean_dtypes()
    | arrays_of.complex_number_dtypes()
    | arrays_of.unicode_string_dtypes()
    | arrays_of.datetime64_dtypes()
)
ANY_SHAPE = st.just((3,)) | arrays_of.array_shapes(max_dims=3, max_side=4) | st.just(())
SMALL = st.integers(-2, 7)
ARRAYS = arrays_of.arrays(ANY_DTYPE, ANY_SHAPE) | arrays_of.arrays(
    INTEGERS, (3,), elements=st.integers(0, 5)
)
THINGS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | st.dictionaries(st.text(max_size=2), SMALL, max_size=3)
    | st.sets(SMALL, max_size=3)
    | st.lists(
        SMALL | st.floats() | st.none() | st.lists(SMALL, max_size=2), max_size=4
    )
)


def is_good_batch(actions):
    """Three whole numbers in 0..4, in any container that NumPy reads in order."""
    if isinstance(actions, (dict, set, str, bytes)):
        return False
    try:
        array = np.asarray(actions)
    except ValueError:
        return False
    is_integer = array.dtype.kind in "iu"
    return array.shape == (3,) and is_integer and ((array >= 0) & (array < 5)).all()


@some
@given(actions=ARRAYS | THINGS)
@example(actions=[0, 1, 2**40])
@example(actions=[0, 1, 2**70])
@example(actions=[0, float("nan"), 1])
@example(actions=np.array([0, 1, 2**63], np.uint64))
@example(actions=[torch.ones(1, requires_grad=True)] * 3)
@example(actions=object())
@example(actions=(0, 1, 2))
@example(actions=range(3))
def test_host_actions_are_played_or_refused(pair, actions):
    good = not _has_tensors(actions) and is_good_batch(actions)
    try_on(pair, lambda envs: envs.step(actions), is_good=good, names="actions")


def _has_tensors(actions):
    return isinstance(actions, list) and any(map(torch.is_tensor, actions))


@some
@given(
    actions=arrays_of.arrays(
        st.sampled_from(["int8", "int32", "int64", "uint8", "float32", "bool"]),
        ANY_SHAPE,
        elements=st.integers(0, 1),
    ),
    convert=st.sampled_from([torch.tensor, jnp.asarray]),
)
def test_device_actions_are_played_or_refused(pair, actions, convert):
    good = is_good_batch(actions)
    actions = convert(actions)
    try_on(pair, lambda envs: envs.step(actions), is_good=good, names="actions")


@pytest.mark.parametrize("wild", [-1, 5, 127, -(2**31), 2**31 - 1])
def test_unchecked_actions_out_of_range_do_not_move(pair, wild):
    envs, twin = pair
    for one in pair:
        one.reset(seed=4)
    before = envs.draw()
    after = envs.step(jnp.full(3, wild, jnp.int32))
    twin.step(jnp.full(3, 99, jnp.int32))
    assert (after[1] == 0).all()
    assert torch.equal(after[0], twin.draw())
    cells = (after[0] != before).float().mean()
    assert cells < 0.02  # nothing but what counts steps
    assert_equal(envs.step(GOOD), twin.step(GOOD))


def is_good_seed(seed):
    def is_one(value, most):
        is_integer = isinstance(value, (int, np.integer)) and not isinstance(
            value, bool
        )
        return is_integer and 0 <= value <= most

    if seed is None or is_one(seed, LARGEST_SEED):
        return True
    is_row = isinstance(seed, np.ndarray) and seed.ndim == 1
    if not is_row and not isinstance(seed, (list, tuple)):
        return False
    each = [value is None or is_one(value, 2**32 - 1) for value in seed]
    return len(each) == 3 and all(each)


SEEDS = st.none() | st.integers(-1, 2**32)


@some
@given(
    seed=SEEDS
    | st.lists(SEEDS, min_size=2, max_size=4)
    | arrays_of.arrays(INTEGERS, ANY_SHAPE)
    | THINGS.filter(lambda thing: not isinstance(thing, list))
)
@example(seed=2**32)
@example(seed=True)
@example(seed=-0.0)
@example(seed={1, 2, 3})
@example(seed={1: 1, 2: 2, 3: 3})
@example(seed=[1, 2, True])
@example(seed=np.array(3))
@example(seed=np.uint32(3))
@example(seed=(1, None, 3))
def test_seeds_are_used_or_refused(pair, seed):
    try_on(
        pair,
        lambda envs: envs.reset(seed=seed),
        is_good=is_good_seed(seed),
        names="seed",
    )


def is_good_mask(mask):
    is_mask = isinstance(mask, np.ndarray) and mask.dtype == np.bool_
    return is_mask and mask.shape == (3,) and mask.any()


MASKS = ARRAYS | arrays_of.arrays(np.bool_, (3,)) | THINGS


@some
@given(mask=MASKS)
def test_masks_are_used_or_refused(pair, mask):
    options = {"reset_mask": mask}
    try_on(
        pair,
        lambda envs: envs.reset(seed=[7, 8, 9], options=options),
        is_good=is_good_mask(mask),
        names="reset_mask",
    )
    assert list(options) == ["reset_mask"]
    assert options["reset_mask"] is mask


@some
@given(options=THINGS)
@example(options={})
@example(options=["reset_mask"])
@example(options={"reset_mask": np.ones(3, bool), "color": 1})
@example(options={1: 2, "a": 3})
def test_other_options_are_refused(pair, options):
    is_nothing = options is None or (isinstance(options, dict) and not options)
    try_on(
        pair,
        lambda envs: envs.reset(seed=1, options=options),
        is_good=is_nothing,
        names="option",
    )


def is_integer(value, least, most):
    return type(value) is int and least <= value <= most


def is_seed(value):
    return value is None or is_good_seed(value)


def is_flag(value):
    return isinstance(value, bool)


GOOD_VALUES = {
    "num_envs": lambda value: is_integer(value, 1, 10**6),
    "game": lambda value: isinstance(value, str) and value in GAMES,
    "difficulty": lambda value: value in (None, "easy", "medium", "hard"),
    "partial_obs": is_flag,
    "obs_size": lambda value: is_integer(value, 64, 512),
    "backend": lambda value: value in ("jax", "torch", "numpy"),
    "autoreset_mode": lambda value: value in MODES,
    "max_episode_steps": lambda value: value is None or is_integer(value, 1, 128),
    "render_mode": lambda value: value in (None, "rgb_array"),
    "device": lambda value: value in (None, "cpu", "cpu:0"),
    "devices": lambda value: value is None or is_integer(value, 1, 1),
    "seed": is_seed,
    "record_episode_statistics": is_flag,
    "validate_actions": is_flag,
    "grayscale": is_flag,
    "frame_stack": lambda value: is_integer(value, 1, 64),
    "channels_first": is_flag,
}
VALUES = (
    THINGS
    | st.integers(-2, 600)
    | st.sampled_from(
        ["easy", "rgb_array", "NextStep", "cpu", "cpu:0", "cpu:1", "gpu:x"]
    )
    | st.sampled_from([*GAMES, "jax", "torch", "BREAKOUT", "cpu:-1", ":"])
)


@settings(some, max_examples=300)
@given(name=st.sampled_from(sorted(GOOD_VALUES)), value=VALUES)
@example(name="validate_actions", value=1)
@example(name="record_episode_statistics", value="no")
@example(name="num_envs", value=True)
@example(name="obs_size", value=64.0)
@example(name="game", value=["Breakout"])
@example(name="game", value="cpu:0")
@example(name="game", value="json:LampEasy")
@example(name="devices", value=[])
def test_arguments_of_the_constructor_are_used_or_named(name, value):
    is_memory_the_limit = name == "num_envs" and is_integer(value, 10**6, math.inf)
    assume(not is_memory_the_limit)
    options = {"num_envs": 3, "game": "BattleShip", "obs_size": 64, name: value}
    if GOOD_VALUES[name](value):
        envs = ArcadeVectorEnv(**options)
        assert envs.observation_space.shape[0] == options["num_envs"]
        assert envs.observation_space.shape[2] == options["obs_size"]
    else:
        with pytest.raises(REFUSALS, match=name.removesuffix("s")):
            ArcadeVectorEnv(**options)


SINGLE_NAMES = sorted(
    set(GOOD_VALUES)
    - {"num_envs", "devices", "record_episode_statistics"}  # of batches only
    - {"seed", "render_mode"}  # of one lane; "human" is one more
)


@some
@given(name=st.sampled_from(SINGLE_NAMES), value=VALUES)
def test_the_single_environment_names_the_same_arguments(name, value):
    options = {"game": "BattleShip", "obs_size": 64, name: value}
    if GOOD_VALUES[name](value):
        ArcadeEnv(**options)
    else:
        with pytest.raises(REFUSALS, match=name):
            ArcadeEnv(**options)


CALLS = {
    "reset": lambda envs: envs.reset(seed=3),
    "masked reset": lambda envs: envs.reset(
        options={"reset_mask": np.array([True, False, True])}
    ),
    "step": lambda envs: envs.step(GOOD),
    "bad step": lambda envs: envs.step([9, 9, 9]),
    "render": lambda envs: envs.render(),
    "draw": lambda envs: envs.draw(),
    "get_state": lambda envs: envs.get_state(),
    "pop_episode_totals": lambda envs: envs.pop_episode_totals(),
    "close": lambda envs: envs.close(),
}


def expected_error(call, *, is_closed, is_ready):
    if call == "close":
        return None
    if is_closed:
        return ClosedEnvironmentError
    if not is_ready and call not in ("reset", "get_state"):
        return ResetNeeded
    return ValueError if call == "bad step" else None


@some
@given(calls=st.lists(st.sampled_from(sorted(CALLS)), max_size=9))
@example(calls=["close", "close", "reset", "step"])
@example(calls=["step", "reset", "bad step", "step", "close", "render"])
def test_calls_in_any_order_are_done_or_refused(calls):
    envs, twin = make_one(), make_one()
    is_closed = is_ready = False
    for call in calls:
        error = expected_error(call, is_closed=is_closed, is_ready=is_ready)
        if error is None:
            CALLS[call](envs)
            CALLS[call](twin)
            is_closed |= call == "close"
            is_ready |= call == "reset"
        else:
            with pytest.raises(error, match=r"reset|closed|actions"):
                CALLS[call](envs)
    if is_ready and not is_closed:
        assert_equal(envs.step(GOOD), twin.step(GOOD))


def test_synchronous_copies_take_the_options_of_the_vector_environment():
    envs = gymnasium.make_vec(
        "popgym_arcade/BattleShip-v0",
        2,
        vectorization_mode="sync",
        obs_size=64,
        backend="torch",
        autoreset_mode="NextStep",
        validate_actions=True,
    )
    obs, _ = envs.reset(seed=0)
    assert obs.shape == (2, 64, 64, 3)
