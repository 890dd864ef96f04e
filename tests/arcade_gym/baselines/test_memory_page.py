"""What docs/memory.md says is so."""

import math
import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from arcade_gym.baselines import PPO, make_memory, memory_names
from tests.arcade_gym.baselines.memories import assert_close, first_rows, rows
from tests.arcade_gym.baselines.runs import SMALL

PAGE = (Path(__file__).parents[3] / "docs" / "memory.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TABLE = re.findall(r"^\| `(\S+)` \|.*\| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)


@pytest.mark.slow
def test_the_first_blocks_run():
    found = {}
    for source in BLOCKS[:2]:
        exec(compile(source, "docs/memory.md", "exec"), found)
    assert found["q"].shape == (7, 5)
    assert found["memory"].model.map_in.in_features == 128


def test_the_table_has_every_memory_with_its_parameters_and_bytes():
    def sizes(name):
        def built():
            memory = make_memory(name, 128, key=jax.random.key(0))
            return eqx.filter(memory, eqx.is_inexact_array), memory.initial_carry()

        weights, carry = map(jax.tree.leaves, jax.eval_shape(built))
        parameters = sum(math.prod(leaf.shape) for leaf in weights)
        return parameters, sum(
            math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in carry
        )

    table = {name: (int(count), int(size)) for name, count, size in TABLE}
    assert table == {name: sizes(name) for name in memory_names()}


@pytest.fixture(scope="module")
def page():
    """The names that the example of a memory defines."""
    found = {}
    exec(compile(BLOCKS[2], "docs/memory.md", "exec"), found)
    return found


def test_the_example_is_short():
    assert len(BLOCKS[2].splitlines()) <= 35


@pytest.mark.slow
def test_the_memory_of_the_example_keeps_the_laws(page):
    memory, x, first = page["Fading"](8), rows(0), first_rows(4)
    call = jax.jit(memory.__call__)
    fresh = memory.initial_carry()
    carry, answers = call(fresh, x, first)
    for start, end in ((0, 2), (2, 7)):
        fresh, part = call(fresh, x[start:end], first[start:end])
        assert_close(part, answers[start:end], 1e-6)
    _, later = call(jnp.full(8, jnp.nan), x[4:], first[4:])
    assert_close(later, answers[4:], 1e-6)
    assert_close(fresh, carry, 1e-6)


def test_the_network_of_the_example_has_its_memory(page):
    network = page["network"]
    assert type(network.memory) is page["Fading"]
    obs = jnp.zeros((2, 64, 64, 3), jnp.uint8)
    arguments = (obs, jnp.array([-1, 0]), jnp.array([True, False]))
    _, logits, value = jax.eval_shape(network, network.initial_carry(), *arguments)
    assert (logits.shape, value.shape) == ((2, 5), (2,))


@pytest.mark.long
def test_the_memory_of_the_example_trains(page, own_cue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = BLOCKS[3].replace("CartPoleEasy", "CueEasy")
    source = source.replace("total_steps=100_000", "**few")
    few = {"width": 8, "total_steps": 64, "chunk_steps": 64, "eval_every": 64}
    few |= {"eval_episodes": 2, "test_episodes": 2, "settings": PPO(**SMALL, epochs=1)}
    found = page | {"few": few}
    exec(compile(source, "docs/memory.md", "exec"), found)
    assert found["report"].steps == 64
    assert type(found["agent"].network.memory) is page["Fading"]
