"""The compiled chunk: what is in it, and what it never does."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import state
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.baselines.kit import ALGORITHMS, numbers


def leaves(now):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(now, eqx.is_array))]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "pqn"])
def test_two_chunks_equal_one_of_twice_the_length(algorithm):
    once, metrics = kit.chunk(algorithm, kit.started(algorithm, "gru"), 4)
    twice, first = kit.chunk(algorithm, kit.started(algorithm, "gru"), 2)
    twice, second = kit.chunk(algorithm, twice, 2)
    for name, values in numbers(metrics).items():
        joined = np.concatenate([first[name], second[name]])
        np.testing.assert_allclose(values, joined, rtol=2e-4, atol=2e-5)
    for a, b in zip(leaves(once.lanes), leaves(twice.lanes), strict=True):
        if a.dtype != np.float32:
            np.testing.assert_array_equal(a, b)
    assert once.rows_done == 4 * 8 * 6
    assert once.iteration == 4


def test_schedules_follow_the_rows_of_all_lanes():
    _, metrics = kit.chunk("pqn", kit.started("pqn", "gru"))
    share = np.array([0, 8 * 6]) / 10_000
    epsilon = 1 - 0.95 * share / 0.1
    np.testing.assert_allclose(metrics["epsilon"], epsilon, rtol=1e-5)
    np.testing.assert_allclose(metrics["learning_rate"], 1e-3 * (1 - share), rtol=1e-5)


def test_the_same_seed_gives_the_same_run():
    ends = [kit.chunk("pqn", kit.started("pqn", "gru"))[0] for _ in range(2)]
    for a, b in zip(*map(leaves, ends), strict=True):
        np.testing.assert_array_equal(a, b)


def test_chunks_compile_once_whatever_the_length_of_the_run():
    algorithm, env = ALGORITHMS["pqn"], kit.cue_env()
    now, _ = kit.chunk("pqn", kit.started("pqn", "gru"))
    with jax.log_compiles(), jax.transfer_guard_device_to_host("disallow"):
        before = state._compiled("cpu")._cached._cache_size()
        now, _ = state.run_chunk(algorithm, env, now, iterations=2, total_rows=999)
        assert state._compiled("cpu")._cached._cache_size() == before
    assert now.iteration == 4


@functools.cache
def chunk_jaxpr():
    algorithm = ALGORITHMS["ppo"]
    now = kit.started("ppo", "gru")
    arrays, rest = eqx.partition(now, eqx.is_array)
    program = state._Program(algorithm, kit.cue_env(), state.make_mesh(), 2)
    return str(
        jax.make_jaxpr(
            lambda total, arrays: state._run(total, program, rest, arrays)[1]
        )(jnp.float32(1), arrays)
    )


def test_nothing_reaches_the_host_inside_a_chunk():
    assert "callback" not in chunk_jaxpr()


def test_no_key_is_used_twice():
    with jax.debug_key_reuse(True):
        now, metrics = kit.chunk("pqn", kit.started("pqn", "none"), 1)
    assert np.isfinite(metrics["loss"]).all()
    assert now.iteration == 1


def test_more_devices_than_there_are_are_refused():
    with pytest.raises(ValueError, match=f"1 to {jax.device_count()}.*got 99"):
        state.make_mesh(99)
