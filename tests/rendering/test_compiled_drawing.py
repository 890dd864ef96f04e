"""Structure and cost of the compiled step, which decide its speed; nothing is timed."""

import re

import jax
import jax.numpy as jnp
import pytest

import jax_core
from jax_core import registry

pytestmark = pytest.mark.usefixtures("as_shipped")

LANES = 64


FRAMES = LANES * 128 * 128 * 3  # bytes

# Of the hardest level, for every byte of its frames: bytes that the whole step reads or
# writes, autoreset included, and operations. A change that saves some lowers them here.
# The bytes of constant tables are not among them, and cost more than operations do.
COSTS = {
    "AutoEncode": (1.13, 9.0),
    "BattleShip": (1.15, 7.2),
    "Breakout": (1.06, 5.9),
    "CartPole": (1.08, 4.8),
    "CountRecall": (1.23, 10.3),
    "MineSweeper": (1.05, 8.3),
    "Navigator": (1.04, 4.6),
    "NoisyCartPole": (1.08, 4.8),
    "Skittles": (1.05, 7.1),
    "Tetris": (1.13, 16.7),
}
MARGIN = 1.1


def games():
    """Cells, digits and polygons; the other games are slow."""
    for name in sorted(registry.games):
        marks = () if name in ("CartPole", "CountRecall") else pytest.mark.slow
        yield pytest.param(name, marks=marks)


@pytest.fixture(scope="module", params=list(games()))
def game(request):
    return request.param


@pytest.fixture(scope="module")
def compiled(game, as_shipped):
    env, _ = jax_core.make(f"{game}Hard")
    keys = jax.random.split(jax.random.key(0), LANES)
    states = jax.eval_shape(jax.vmap(env.init), keys)
    actions = jax.ShapeDtypeStruct((LANES,), jnp.int32)
    step = jax.jit(jax.vmap(env.step)).lower(keys, states, actions)
    # Machine code is never run here, so that only what comes before it is optimized.
    return step.compile({"xla_backend_optimization_level": 0})


def frame_sized(text, operation):
    """Operations of a compiled program that make a whole batch of frames."""
    pattern = rf"= u8\[([\d,]+)\]\S* {operation}\("
    shapes = re.findall(pattern, text)
    return [
        s for s in shapes if jnp.prod(jnp.array([*map(int, s.split(","))])) >= FRAMES
    ]


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
    assert memory.temp_size_in_bytes <= 0.1 * FRAMES


@pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="the costs are those of the CPU form"
)
def test_a_step_moves_and_computes_no_more_than_it_did(game, compiled):
    cost = compiled.cost_analysis()
    bytes_moved, operations = COSTS[game]
    assert cost["bytes accessed"] / FRAMES <= MARGIN * bytes_moved
    assert cost["flops"] / FRAMES <= MARGIN * operations
    assert cost["bytes accessedout{}"] >= FRAMES  # the frames were counted


def compiled_text(name, *, with_time=False, **options):
    """The program that draws the frames of a batch of states, as XLA fuses it."""
    env, _ = jax_core.make(name, **options)
    keys = jax.random.split(jax.random.key(0), LANES)
    states = jax.eval_shape(jax.vmap(env.init), keys)

    def draw(state):
        frame = env.get_obs(state)
        return (frame, state.time) if with_time else frame

    lowered = jax.jit(jax.vmap(draw)).lower(states)
    return lowered.compile({"xla_backend_optimization_level": 0}).as_text()


@pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="XLA fuses otherwise on other devices"
)
@pytest.mark.parametrize("name", ["BreakoutHard", "CartPoleHard"])
def test_gray_frames_with_unequal_rows_are_drawn_without_detours(as_shipped, name):
    """XLA once counted pixels, packed the cells of a board for each pixel row, and
    found the ends of polygons where pixels are drawn, which no vector does."""
    text = compiled_text(name, obs_size=132, channels=1)
    assert not re.search(rf"u8\[{LANES},\d+,132\]\S* iota\(", text)
    loops = text.split("\n}\n")
    assert any(" gather(" in loop for loop in loops)
    assert not any(" gather(" in loop and " reduce(" in loop for loop in loops)
    is_drawing = re.compile(rf"ROOT .* = u8\[{LANES},132,132")
    drawing = [loop for loop in loops if is_drawing.search(loop)]
    assert drawing
    assert not any(" round-nearest-even(" in loop for loop in drawing)
    assert ("CartPole" in name) == (" round-nearest-even(" in text)


@pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="XLA fuses otherwise on other devices"
)
@pytest.mark.parametrize("name", ["BreakoutHard", "NavigatorHard"])
def test_short_rows_are_drawn_in_pairs_and_nothing_is_copied_to_them(as_shipped, name):
    """Of 84 bytes a quarter fills no vector; each row had a copy of its cells."""
    text = compiled_text(name, with_time=True, obs_size=84, channels=1)
    pairs = rf"u8\[{LANES},42,168\]"
    joins = re.compile(rf"= {pairs}\S* concatenate\(")
    drawing = "".join(loop for loop in text.split("\n}\n") if joins.search(loop))
    assert re.search(r"ROOT .* bitcast\(", drawing)  # its loop is that of the pairs
    assert re.search(rf"u8\[\d+,{LANES},1,168\]\S* gather\(", drawing)
    assert not re.search(r"= u32\S* gather\(", text)


@pytest.mark.skipif(
    jax.default_backend() != "cpu", reason="XLA fuses otherwise on other devices"
)
def test_colored_polygons_are_found_before_pixels_are_drawn(as_shipped):
    """Where rows are drawn it made whole steps of CartPole 3 % slower."""
    text = compiled_text("CartPoleHard", obs_size=128)
    is_drawing = re.compile(rf"ROOT .* = u8\[{LANES},128,128")
    drawing = [loop for loop in text.split("\n}\n") if is_drawing.search(loop)]
    assert drawing
    assert not any(" round-nearest-even(" in loop for loop in drawing)
    assert " round-nearest-even(" in text
