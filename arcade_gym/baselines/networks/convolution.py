"""Convolutions that are fast on every backend, in loops and outside."""

from enum import Enum

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

Images = Float[Array, "batch rows cols channels"]


class Form(Enum):
    """How a convolution is computed; results agree up to rounding."""

    PRODUCT = "reshapes, slices and one matrix product"
    XLA = "XLA's own convolution"


def best_form(kernel: int, stride: int) -> Form:
    """The faster one.

    In a loop on a CPU, the gradient of XLA's convolution is 10 to 30 times slower than
    outside (jax-ml/jax#12868). Patches need no slices, so they are a product anywhere.
    """
    is_patch = kernel == stride
    on_cpu = jax.default_backend() == "cpu"
    return Form.PRODUCT if is_patch or on_cpu else Form.XLA


def convolve(
    images: Images,
    weight: Float[Array, "kernel kernel channels features"],
    stride: int,
    form: Form | None = None,
) -> Float[Array, "batch out_rows out_cols features"]:
    """Convolves without padding; what no full kernel covers is left out.

    Args:
        images: rows from the top.
        weight: of a square kernel.
        stride: pixels, at most the kernel.
        form: None takes the faster one.
    """
    if (form or best_form(len(weight), stride)) is Form.XLA:
        layout = ("NHWC", "HWIO", "NHWC")
        strides = (stride, stride)
        return lax.conv_general_dilated(
            images, weight, strides, "VALID", dimension_numbers=layout
        )
    return _as_product(images, weight, stride)


def _as_product(images: Images, weight: Array, stride: int) -> Array:
    """Cuts blocks of `stride` pixels, so that the stride becomes 1."""
    kernel, _, channels, features = weight.shape
    span = -(-kernel // stride)  # blocks that a kernel covers, with zeros at its ends
    missing = span * stride - kernel
    weight = jnp.pad(weight, ((0, missing), (0, missing), (0, 0), (0, 0)))
    weight = weight.reshape(span, stride, span, stride, channels, features)
    weight = weight.transpose(0, 2, 1, 3, 4, 5).reshape(-1, features)
    rows, cols = ((side - kernel) // stride + 1 for side in images.shape[1:3])
    blocks = _blocks(images, rows + span - 1, cols + span - 1, stride)
    shifted = [
        blocks[:, row : row + rows, col : col + cols]
        for row, col in np.ndindex(span, span)
    ]
    patches = shifted[0] if span == 1 else jnp.concatenate(shifted, axis=-1)
    return patches @ weight


def _blocks(images: Images, rows: int, cols: int, size: int) -> Array:
    """The given number of blocks of size x size pixels, each as one long pixel."""
    batch, height, width, channels = images.shape
    missing = max(0, rows * size - height), max(0, cols * size - width)
    if any(missing):
        images = jnp.pad(images, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)))
    images = images[:, : rows * size, : cols * size]
    images = images.reshape(batch, rows, size, cols, size, channels)
    return images.transpose(0, 1, 3, 2, 4, 5).reshape(batch, rows, cols, -1)
