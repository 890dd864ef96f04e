"""Memories by name, stacks of them, and objects that are none."""

import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from memax.equinox.train_utils import get_residual_memory_model

from arcade_gym.baselines import RunConfig, make_memory, memory_names
from arcade_gym.baselines.memory import (
    GRU,
    LRU,
    MinGRU,
    NoMemory,
    answer_size,
    canonical_name,
)
from arcade_gym.baselines.memory.zoo import MODELS
from arcade_gym.baselines.runs import weights
from tests.arcade_gym.baselines.memories import (
    WIDTH,
    assert_close,
    first_rows,
    rows,
)

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("name", "cell"),
    [("none", NoMemory), ("gru", GRU), ("MinGRU", MinGRU), ("LRU", LRU)],
)
def test_names_are_taken_in_any_case(name, cell):
    assert type(make_memory(name, WIDTH, key=KEY)) is cell
    assert name.lower() in memory_names()


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("GRU", "gru"),
        ("memax:GRU", "memax:gru"),
        ("memax:FART", "fart"),
        ("Attention-RoPE", "attention-rope"),
    ],
)
def test_names_that_both_have_are_ours_unless_said(name, canonical):
    assert canonical_name(name) == canonical
    assert canonical in memory_names()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("memax:mingru", "memax:gru"),
        ("fast", "fart"),
        ("attention-alib", "attention-alibi"),
    ],
)
def test_wrong_names_have_a_near_one(name, nearest):
    with pytest.raises(ValueError, match=f"Did you mean '{nearest}'"):
        canonical_name(name)


def test_names_are_all_memories_and_no_two_are_equal():
    assert len(set(memory_names())) == 4 + 22


def test_every_model_of_memax_has_a_name():
    with pytest.raises(KeyError, match="no such model") as caught:
        get_residual_memory_model("no such model", 1, 1, 1, 1, key=KEY)
    layers = caught.traceback[-1].frame.f_locals["layers"]
    assert tuple(layers) == MODELS


def test_without_memax_the_install_line_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "memax.equinox.train_utils", None)
    with pytest.raises(
        ImportError, match=r"'FART' needs memax.*'arcade-gym\[baselines"
    ):
        make_memory("fart", WIDTH, key=KEY)


@pytest.mark.slow
def test_memax_is_imported_by_its_own_memories_only():
    """In a new process: here, other tests have imported it."""
    code = (
        "import sys; from arcade_gym.baselines import QNetworkRNN; import jax;"
        "jax.eval_shape(lambda: QNetworkRNN(jax.random.key(0), 'gru', 64));"
        "assert 'memax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_gradients_of_deltanet_are_finite_where_relu_leaves_no_key():
    """memax divides by a norm whose gradient at 0 is NaN."""
    memory = make_memory("deltanet", WIDTH, key=KEY)
    silent = eqx.tree_at(
        lambda memory: memory.model.layers[0].K.linear.weight,
        memory,
        replace_fn=jnp.zeros_like,
    )

    @eqx.filter_jit
    @eqx.filter_grad
    def gradients(memory):
        _, answers = memory(memory.initial_carry(), rows(0), first_rows())
        return (answers**2).sum()

    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients(silent)))


@pytest.mark.parametrize("name", ["attention", "attention-rope", "attention-alibi"])
def test_attention_looks_back_on_its_window(name):
    def windows(**options):
        carry = jax.eval_shape(
            lambda: make_memory(name, WIDTH, key=KEY, **options).initial_carry()
        )
        return {leaf.shape[0] for leaf in jax.tree.leaves(carry) if leaf.ndim == 2}

    assert windows(window=5) == {5}
    assert windows() == {128}  # memax's own default is 20


@pytest.mark.parametrize(
    ("env_id", "window"), [("MineSweeperEasy", 32), ("CartPoleEasy", 128)]
)
def test_attention_of_a_run_looks_back_on_an_episode_at_most(env_id, window):
    config = RunConfig(env_id=env_id, obs_size=64, memory="memax:Attention", width=8)
    network = eqx.filter_eval_shape(lambda: weights.build(config, None, key=KEY))
    assert network.memory.model.layers[0].window_size == window
    assert config.memory == "attention"


def test_no_weight_depends_on_the_window():
    """Or the weights of a level with short episodes would not fit the default."""
    for name in memory_names():
        short, long = (
            jax.eval_shape(
                lambda name=name, window=window: eqx.filter(
                    make_memory(name, WIDTH, window=window, key=KEY),
                    eqx.is_inexact_array,
                )
            )
            for window in (5, 128)
        )
        assert jax.tree.leaves(short) == jax.tree.leaves(long)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"'mingur'.*'mingru'\?.*none, gru"):
        make_memory("mingur", WIDTH, key=KEY)


@pytest.mark.parametrize(
    "sizes", [{"width": 0}, {"width": 8, "layers": 0}, {"width": 8, "window": 0}]
)
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(ValueError, match="=0 must be at least 1"):
        make_memory("gru", **sizes, key=KEY)


def test_other_keys_give_other_weights():
    a, b = (make_memory("gru", WIDTH, key=jax.random.key(seed)) for seed in (0, 1))
    assert not np.allclose(a.recurrent, b.recurrent)


def test_stacked_memories_hand_their_answers_up_through_the_bypass():
    stack = make_memory("gru", WIDTH, layers=2, key=KEY)
    x, first = rows(0), first_rows(3)
    carry, answers = stack(stack.initial_carry(), x, first)
    low, high = stack.memories
    low_carry, low_answers = low(low.initial_carry(), x, first)
    joined = stack.bypasses[0](x, low_answers)
    want_carry, want = high(high.initial_carry(), joined, first)
    assert_close((carry, answers), ((low_carry, want_carry), want), 1e-6)
    assert not np.allclose(low.recurrent, high.recurrent)


class Sum(eqx.Module):
    """A memory of somebody else, with faults on demand."""

    fault: str = eqx.field(static=True, default="")

    def initial_carry(self):
        return 0.0 if self.fault == "number" else jnp.zeros(2)

    def __call__(self, carry, x, first):
        if self.fault == "raises":
            raise KeyError("weights")
        del first
        answer = carry[None] + jnp.cumsum(x[:, :2], axis=0)
        carry = answer[-1]
        match self.fault:
            case "alone":
                return answer
            case "grows":
                carry = answer
            case "int":
                carry = carry.astype(jnp.int32)
            case "last":
                answer = answer[-1]
            case "half":
                answer = answer.astype(jnp.bfloat16)
        return carry, answer


def test_a_memory_of_ones_own_says_how_much_it_answers():
    assert answer_size(Sum(), WIDTH) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("number", r"initial_carry\(\) holds 0\.0"),
        ("raises", r"a call with x float32\[3, 8\].* raised KeyError: 'weights'"),
        ("alone", "returned no pair"),
        ("grows", r"from float32\[2\] to float32\[3, 2\]"),
        ("int", r"from float32\[2\] to int32\[2\]"),
        ("last", r"must answer with float32\[3, H\], not float32\[2\]"),
        ("half", r"must answer with float32\[3, H\], not bfloat16\[3, 2\]"),
    ],
)
def test_what_is_no_memory_is_refused_with_the_reason(fault, reason):
    with pytest.raises(TypeError, match=rf"memory=Sum is no memory.*{reason}"):
        answer_size(Sum(fault), WIDTH)


def test_an_object_without_the_methods_is_refused():
    with pytest.raises(TypeError, match="no method initial_carry"):
        answer_size(object(), WIDTH)
