"""Steps that each break one rule of `benchmarks/gpu_compile.py`, to see it noticed.

JAX is imported inside of functions, because a process is set up before that.
"""

import gpu_compile
import gpu_program

LANES, SIZE = 1024, 64
GAME = "Breakout"  # whose limits hold


def compile_broken(name):
    """Compiles the step of that name; for a process of `gpu_compile.in_processes`."""
    import jax  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    frames = jax.ShapeDtypeStruct((LANES, SIZE, SIZE, 3), np.uint8)
    value = jax.ShapeDtypeStruct((LANES,), np.float32)

    def step(buffer, value):
        del buffer
        for _ in range(6):  # launches, without which there is no graph
            value = jax.lax.optimization_barrier(value * 0.5 + 1.0)
        return STEPS[name](value)

    jitted = jax.jit(step, donate_argnums=0, keep_unused=True)
    folder = gpu_compile.folder_of_process()
    return gpu_program.compile_for("h100", jitted, (frames, value), folder)


def _words(value):
    """Frames of one word, stored as words."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    word = jax.lax.bitcast_convert_type(value, jnp.uint32)
    shape = (LANES, SIZE * SIZE * 3 // 4)
    return jnp.broadcast_to(word[:, None], shape)


def _bytes(words):
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    return jax.lax.bitcast_convert_type(words, jnp.uint8)


def sound(value):
    """One kernel that stores words."""
    return _bytes(_words(value))


def two_kernels(value):
    """Frames that are written, and read to write them again."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    drawn = jax.lax.optimization_barrier(_words(value))
    return _bytes(drawn ^ jnp.flip(drawn, axis=1))


def masks(value):
    """A fifth of the frames' bytes written beside them."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    few = jax.lax.optimization_barrier(_words(value)[:, ::5] + jnp.uint32(1))
    return _bytes(jnp.repeat(few, 5, axis=1)[:, : SIZE * SIZE * 3 // 4])


def loop(value):
    """A loop before the drawing."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    def body(total, _):
        return jnp.sin(total) @ jnp.eye(8, dtype=jnp.float32), None

    start = jnp.broadcast_to(value[:, None], (LANES, 8))
    return _bytes(_words(jax.lax.scan(body, start, length=50)[0].sum(axis=1)))


def narrow_stores(value):
    """Each byte on its own."""
    import jax.numpy as jnp  # noqa: PLC0415

    byte = value.astype(jnp.uint8)[:, None]
    return byte + jnp.arange(SIZE * SIZE * 3, dtype=jnp.uint8)[None]


def slow_drawing(value):
    """A sine for each word."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    place = jnp.arange(SIZE * SIZE * 3 // 4, dtype=jnp.float32)[None]
    wave = jnp.sin(place * value[:, None])
    return _bytes(jax.lax.bitcast_convert_type(wave, jnp.uint32))


def many_launches(value):
    """Thirty small kernels."""
    import jax  # noqa: PLC0415

    for _ in range(30):
        value = jax.lax.optimization_barrier(value * 0.5 + 1.0)
    return _bytes(_words(value))


def rounded_product(value):
    """A product through tensor cores."""
    import jax.numpy as jnp  # noqa: PLC0415

    factors = value[:, None] + jnp.arange(64, dtype=jnp.float32)[None]
    product = factors @ jnp.triu(jnp.ones((64, 64), jnp.float32))
    return _bytes(_words(product[:, -1]))


def branches(value):
    """Numbers that follow from each other, each found anew in a branch of its own."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    numbers = []
    for place in range(64):
        value = jnp.where(value > place, value * 0.5, value + 1.0)
        numbers.append(value)
    stacked = jax.lax.optimization_barrier(jnp.stack(numbers, axis=1))
    words = jax.lax.bitcast_convert_type(stacked, jnp.uint32)
    return _bytes(jnp.tile(words, (1, SIZE * SIZE * 3 // 4 // 64)))


STEPS = {
    step.__name__: step
    for step in (
        sound,
        two_kernels,
        masks,
        loop,
        narrow_stores,
        slow_drawing,
        many_launches,
        rounded_product,
        branches,
    )
}
