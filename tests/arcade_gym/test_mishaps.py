"""Interrupted calls, misuse and unusual settings lose nothing."""

import copy
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium.error import ResetNeeded

from arcade_gym import ArcadeEnv, interop
from arcade_gym.lanes import backends, kernel
from arcade_gym.lanes.infos import LazyInfo
from arcade_gym.lanes.placement import Placement
from tests.arcade_gym.kit import equal, make, play, random_actions
from tests.compiling import forget_kernels

STACKS = {"grayscale": True, "frame_stack": 3, "channels_first": True}


def interrupted(function):
    """The compiled function runs, and Ctrl-C comes before its result is kept."""

    def run(*args):
        function(*args)
        raise KeyboardInterrupt

    return run


@pytest.mark.parametrize(
    ("backend", "options"),
    [("jax", {}), ("torch", {}), ("numpy", {}), ("torch", STACKS)],
)
def test_an_interrupted_step_can_be_repeated(backend, options):
    envs, twin = (make(backend=backend, **options) for _ in range(2))
    envs.reset(seed=0)
    twin.reset(seed=0)
    compiled = envs._kernel
    broken = {name: interrupted(getattr(compiled, name)) for name in ("step", "roll")}
    envs._kernel = compiled._replace(**broken)
    with pytest.raises(KeyboardInterrupt):
        envs.step([3, 3, 3])
    envs._kernel = compiled
    assert envs.get_state()["lanes"]["state.time"].tolist() == [0, 0, 0]
    for action in random_actions(6, 3):
        assert np.array_equal(envs.step(action)[0], twin.step(action)[0])


def test_an_interrupted_first_reset_leaves_a_new_environment():
    envs = make(game="BattleShip", seed=7)
    compiled = envs._kernel
    envs._kernel = compiled._replace(reset=interrupted(compiled.reset))
    with pytest.raises(KeyboardInterrupt):
        envs.reset()
    envs._kernel = compiled
    assert envs.np_random_seed == ()
    with pytest.raises(ResetNeeded):
        envs.step([0, 0, 0])
    assert np.array_equal(envs.reset()[0], make(game="BattleShip").reset(seed=7)[0])


def test_lanes_without_a_seed_in_the_first_reset_get_seeds_of_their_own():
    envs = make(game="BattleShip", seed=7)
    obs = np.array(envs.reset(seed=[None, 3, None])[0])
    assert envs.np_random_seed == (7, 3, 9)
    assert np.array_equal(obs, make(game="BattleShip").reset(seed=[7, 3, 9])[0])
    free = make(8, "BattleShip")
    free.reset(seed=[None] * 8)
    assert len(set(free.np_random_seed)) == 8


@pytest.mark.parametrize("backend", ["jax", "torch", "numpy"])
def test_use_inside_a_traced_function_is_refused_and_harmless(backend):
    envs, twin = make(backend=backend), make(backend=backend)
    first = envs.reset(seed=0)[0]
    twin.reset(seed=0)

    def misuse(x):
        envs.step([0, 0, 0])
        return x

    def misuse_actions(actions):
        envs.step(actions)
        return actions

    with pytest.raises(TypeError, match=r"functions of jax_core\.make"):
        jax.jit(misuse)(1.0)
    with pytest.raises(TypeError, match=r"functions of jax_core\.make"):
        jax.jit(misuse_actions)(jnp.zeros(3, jnp.int32))
    with pytest.raises(TypeError, match=r"functions of jax_core\.make"):
        jax.jit(lambda x: envs.draw() + x)(1)
    assert np.array_equal(envs.draw(), first)
    assert np.array_equal(envs.step([3, 3, 3])[0], twin.step([3, 3, 3])[0])


@pytest.mark.slow
@pytest.mark.parametrize("source", ["NextStep", "Disabled"])
def test_waiting_lanes_begin_when_a_state_enters_same_step(source):
    options = {"max_episode_steps": 3, "game": "BattleShip"}
    waiting = make(2, autoreset_mode=source, **options)
    waiting.reset(seed=0)
    for _ in range(3):
        waiting.step([4, 4])
    same = make(2, autoreset_mode="SameStep", backend="numpy", **options)
    same.set_state(waiting.get_state())
    assert same.get_state()["lanes"]["state.time"].tolist() == [0, 0]
    always = make(2, autoreset_mode="SameStep", backend="numpy", **options)
    always.reset(seed=0)
    for _ in range(3):
        always.step([4, 4])
    for action in random_actions(5, 2):
        ours, wanted = same.step(action), always.step(action)
        assert all(map(np.array_equal, ours[:4], wanted[:4]))
    assert same.pop_episode_totals()["episodes"] == 4


@pytest.mark.slow
def test_seeds_mean_the_same_under_another_default_of_jax():
    """The size is one that no other test has compiled anything for."""
    actions = random_actions(6, 3)
    with jax.default_prng_impl("rbg"):
        unusual = play(make(game="Skittles", obs_size=65), actions, seed=5)
        single = ArcadeEnv(game="Skittles", obs_size=65, max_episode_steps=5)
        assert np.array_equal(single.reset(seed=6)[0], unusual[0][0][1])
    forget_kernels()
    usual = play(make(game="Skittles", obs_size=65), actions, seed=5)
    assert equal(usual, unusual)


@pytest.mark.parametrize("value", [-(2**32) + 2, 2**32 + 2, -1, 5])
def test_wide_actions_out_of_range_never_become_moves(value):
    halves = make()._intake._from_accelerator(torch.tensor([value] * 3))
    assert halves.shape == (3, 2)
    actions = jax.vmap(kernel._whole)(halves)
    assert all(action < 0 or action > 4 for action in actions.tolist())


@pytest.mark.parametrize(
    ("dtype", "value"), [("uint8", 5), ("uint8", 255), ("int8", -3), ("uint32", 2**31)]
)
def test_wide_actions_of_other_kinds_never_become_moves(dtype, value):
    actions = torch.tensor([value] * 3, dtype=getattr(torch, dtype))
    shared = make()._intake._from_accelerator(actions)
    assert shared.dtype == jnp.int32
    assert all(action < 0 or action > 4 for action in shared.tolist())


def test_halves_of_wide_actions_do_what_the_whole_does():
    envs = make(4, game="Navigator")
    envs.reset(seed=0)
    lanes, step = envs._lanes, envs._kernel.step
    for action in random_actions(3, 4):
        wide = torch.from_numpy(action.astype(np.int64))
        halves = step(None, lanes, envs._intake._from_accelerator(wide))
        lanes, results = step(None, lanes, action)
        assert equal_trees(halves, (lanes, results))


def equal_trees(tree, other):
    return all(map(np.array_equal, jax.tree.leaves(tree), jax.tree.leaves(other)))


@pytest.mark.parametrize("options", [{}, {"channels_first": True}])
def test_all_of_a_step_is_shared_at_once_as_on_a_gpu(options):
    envs, twin = (make(backend="torch", **options) for _ in range(2))
    shared = []

    def share(*arrays):
        shared.append(len(arrays))
        return [interop.to_torch(array) for array in arrays]

    envs._frames._cuda = SimpleNamespace(to_torch=share)
    actions = random_actions(6, 3)
    assert equal(play(envs, actions), play(twin, actions))
    assert shared == [4] * 6


def test_results_come_through_memory_that_accelerators_write_to(monkeypatch):
    """As on a GPU; JAX knows such memory on the CPU, too."""
    envs, twin = make(backend="numpy"), make(backend="numpy")
    placement = Placement((envs.device,))
    envs._frames = envs._frames.__class__(placement, (3, 64, 64, 3))
    assert placement.has_pinned_host
    envs._frames._memory, envs._frames._pins = None, True
    moved, put = [], jax.device_put

    def record(arrays, where):
        there = put(arrays, where)
        kinds = [leaf.sharding.memory_kind for leaf in jax.tree.leaves(there)]
        moved.append(kinds)
        return there

    monkeypatch.setattr(backends.jax, "device_put", record)
    actions = random_actions(6, 3)
    assert equal(play(envs, actions), play(twin, actions))
    pinned = ["pinned_host"]
    moved = [kinds for kinds in moved if kinds[0] == "pinned_host"]
    assert moved == [pinned, *[4 * pinned] * 6]  # the frames of the reset, and steps
    assert envs.step(actions[0])[0].flags.writeable


def test_wide_actions_of_jax_out_of_range_never_become_moves():
    """Negative ones were clipped to 0, which is "up", in a mutation nobody noticed."""
    intake = make()._intake
    unsigned = jnp.array([2**31, 2**32 - 1, 2**31 + 2], jnp.uint32)
    with jax.enable_x64(True):
        signed = jnp.array([-3, 2**40, -(2**32) + 2], jnp.int64)
        wide = jnp.array([2**63, 2**32 + 1, 2**40], jnp.uint64)
        taken = [intake.actions(actions) for actions in (unsigned, signed, wide)]
        moves = intake.actions(jnp.arange(3))
    for actions in taken:
        assert actions.dtype == jnp.int32
        assert all(action < 0 or action > 4 for action in actions.tolist())
    assert moves.tolist() == [0, 1, 2]


def test_tensors_that_nothing_waits_for_are_copied():
    actions = torch.zeros(64, dtype=torch.int32)
    shared = make()._intake._from_accelerator(actions)
    actions.fill_(3)
    assert not np.asarray(shared).any()


def test_states_with_missing_parts_are_refused_before_anything_changes():
    envs = make()
    obs = np.array(envs.reset(seed=0)[0])
    state = envs.get_state()
    for broken, error in (
        ({k: v for k, v in state.items() if k != "seeds"}, TypeError),
        (state | {"seeds": None}, ValueError),
        (state | {"seeds": (1,)}, ValueError),
        (state | {"lanes": 5}, ValueError),
    ):
        with pytest.raises(error, match="state"):
            envs.set_state(broken)
    assert np.array_equal(envs.draw(), obs)


def test_copies_keep_attributes_of_the_callers_own():
    envs = make()
    envs.set_attr("tag", ["a", "b", "c"])
    assert copy.deepcopy(envs).get_attr("tag") == ("a", "b", "c")
    assert envs.get_attr("action_space") == (envs.single_action_space,) * 3


def test_masks_of_an_info_are_arrays_of_their_own():
    envs = make(
        backend="numpy",
        autoreset_mode="SameStep",
        max_episode_steps=1,
        record_episode_statistics=True,
    )
    envs.reset(seed=0)
    info = envs.step([0, 0, 0])[4]
    info["_episode"][:] = False
    assert info["_final_obs"].all()
    assert info["_final_info"].all()


@pytest.fixture
def lazy():
    return LazyInfo.drawn_by(lambda: "drawn", {"other": 1})


def test_a_failed_drawing_can_be_repeated():
    answers = iter([KeyboardInterrupt(), "drawn"])

    def draw():
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    info = LazyInfo.drawn_by(draw, {})
    with pytest.raises(KeyboardInterrupt):
        info["final_obs"]
    assert info["final_obs"] == "drawn"


def test_changing_an_info_before_it_is_drawn_works_as_on_a_dictionary(lazy):
    assert lazy != {"other": 1, "final_obs": None}
    assert lazy.setdefault("final_obs", "mine") == "drawn"
    lazy.update(final_obs="mine")
    assert lazy["final_obs"] == "mine"
    del lazy["final_obs"]
    assert lazy.get("final_obs") is None


def test_merging_an_info_with_others_draws_it(lazy):
    assert (lazy | {"more": 2})["final_obs"] == "drawn"
    lazy |= {"final_obs": "mine"}
    assert lazy["final_obs"] == "mine"


def test_the_last_entry_is_drawn_before_it_is_taken_out(lazy):
    assert lazy.popitem() == ("final_obs", "drawn")
    assert lazy == {"other": 1}


def test_a_batch_for_the_single_environment_is_refused_with_advice():
    env = ArcadeEnv(game="Breakout", obs_size=64, max_episode_steps=5)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"one integer, got shape \(1,\); use"):
        env.step(np.array([1]))
