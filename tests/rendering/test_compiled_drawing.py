"""Structure of the compiled drawing, which decides its speed."""

import re

import jax
import jax.numpy as jnp
import pytest

import jax_core
from jax_core import registry

LANES = 64


@pytest.fixture(scope="module", params=sorted(registry.games))
def compiled(request):
    env, _ = jax_core.make(f"{request.param}Easy")
    states = jax.eval_shape(
        jax.vmap(env.init),
        jax.random.split(jax.random.key(0), LANES),
    )
    return jax.jit(jax.vmap(env.get_obs)).lower(states).compile()


def frame_sized(text, operation):
    """Operations of a compiled program that make a whole batch of frames."""
    size = LANES * 128 * 384
    pattern = rf"= u8\[([\d,]+)\]\S* {operation}\("
    shapes = re.findall(pattern, text)
    return [s for s in shapes if jnp.prod(jnp.array([*map(int, s.split(","))])) >= size]


def entry(text):
    return text[text.index("ENTRY") :]


def test_frames_are_written_by_one_fused_loop(compiled):
    text = entry(compiled.as_text())
    assert len(frame_sized(text, "fusion")) + len(frame_sized(text, "call")) == 1
    for operation in ("copy", "pad", "concatenate", "transpose", "select"):
        assert frame_sized(text, operation) == []


def test_no_pad_hides_in_the_fused_loop(compiled):
    """A band of one color would turn the joining of bands into slow pads."""
    assert frame_sized(compiled.as_text(), "pad") == []


def test_temporary_memory_is_small_beside_the_frames(compiled):
    memory = compiled.memory_analysis()
    assert memory.temp_size_in_bytes <= 0.1 * memory.output_size_in_bytes
