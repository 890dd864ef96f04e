"""Memories by name, stacks of them, and objects that are none."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines import make_memory, memory_names
from arcade_gym.baselines.memory import GRU, LRU, MinGRU, NoMemory, answer_size
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


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"'mingur'.*'mingru'\?.*none, gru"):
        make_memory("mingur", WIDTH, key=KEY)


@pytest.mark.parametrize("sizes", [{"width": 0}, {"width": WIDTH, "layers": 0}])
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
