"""Pictures of equal states are equal on every backend, by what they are made with."""

import jax
import jax.numpy as jnp
import pytest

import jax_core
from jax_core import registry
from jax_core.game import Visibility

# Correctly rounded by every backend, or without rounding.
EXACT = {
    *("abs", "add", "and", "broadcast_in_dim", "ceil", "clamp", "concatenate"),
    *("convert_element_type", "copy", "eq", "floor", "gather", "ge", "gt", "le", "lt"),
    *("max", "min", "mul", "ne", "neg", "reshape", "round", "select_n", "sign"),
    *("slice", "squeeze", "sub", "stack", "unstack"),
}


def equations(jaxpr):
    """Of a program and of those that it calls, where it does not run on a CPU.

    Only `compute_once` asks for the platform, and on a CPU it changes no bit either.
    """
    for equation in jaxpr.eqns:
        if equation.primitive.name == "platform_index":
            continue
        inner = [v for v in equation.params.values() if hasattr(v, "jaxpr")]
        inner += equation.params.get("branches", ())[-1:]
        if inner:
            for closed in inner:
                yield from equations(closed.jaxpr)
        else:
            yield equation


def is_float(variable):
    return jnp.issubdtype(variable.aval.dtype, jnp.floating)


def float_equations(game):
    env, params = jax_core.make(f"{game}Easy")
    state = jax.eval_shape(env.init, jax.random.key(0))
    program = jax.make_jaxpr(lambda s: env.game.scene(s, params, Visibility.FULL))(
        state
    )
    return [
        equation
        for equation in equations(program.jaxpr)
        if any(is_float(v) for v in (*equation.invars, *equation.outvars))
    ]


@pytest.mark.parametrize("game", sorted(registry.games))
def test_scenes_use_no_operation_that_backends_round_differently(game):
    names = {equation.primitive.name for equation in float_equations(game)}
    assert names <= EXACT
    assert bool(names) == ("CartPole" in game)


@pytest.mark.parametrize("game", ["CartPole", "NoisyCartPole"])
def test_no_sum_takes_a_product(game):
    """A compiler may round both in one operation, or each on its own."""
    found = float_equations(game)
    products = {id(e.outvars[0]) for e in found if e.primitive.name == "mul"}
    sums = [e for e in found if e.primitive.name in ("add", "sub")]
    assert products
    assert sums
    assert not [e for e in sums if {id(v) for v in e.invars} & products]
