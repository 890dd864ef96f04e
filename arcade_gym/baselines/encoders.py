"""From frames to features: convolutions that are fast on every backend."""

from enum import Enum
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn
from jaxtyping import Array, Float, Float32, UInt8

from arcade_gym.baselines.layers import Dense, normalise, orthogonal
from jax_core.types import AnyKey

Images = Float32[Array, "batch rows cols channels"]
Frames = UInt8[Array, "*batch side side 3"] | Float[Array, "*batch side side 3"]


class Stage(NamedTuple):
    """One convolution of an encoder."""

    kernel: int  # pixels of a side
    stride: int  # pixels
    features: int
    pools: bool = False  # then the largest of 2 x 2 is kept


STAGES = {
    # patches that do not overlap: cheapest by far
    "patch": (Stage(4, 4, 16), Stage(2, 2, 32), Stage(2, 2, 64)),
    # Mnih et al. 2015
    "conv": (Stage(8, 4, 32), Stage(4, 2, 64), Stage(3, 1, 64)),
    # Wang et al. 2025 (POPGym Arcade)
    "published": (
        Stage(5, 2, 64, pools=True),
        Stage(3, 2, 128, pools=True),
        Stage(3, 2, 256, pools=True),
        Stage(1, 1, 512),
    ),
}


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
    weight: Float32[Array, "kernel kernel channels features"],
    stride: int,
    form: Form | None = None,
) -> Float32[Array, "batch out_rows out_cols features"]:
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


class Encoder(eqx.Module):
    """Convolutions, each with LayerNorm over the frame and relu, and a dense layer."""

    kernels: tuple[Float32[Array, "kernel kernel channels features"], ...]
    biases: tuple[Float32[Array, " features"], ...]
    dense: Dense
    kind: str = eqx.field(static=True)
    obs_size: int = eqx.field(static=True)

    def __init__(self, kind: str, obs_size: int, width: int, *, key: AnyKey) -> None:
        """Draws the weights.

        Args:
            kind: a key of `STAGES`.
            obs_size: pixels of a side of the frames, 64 to 512.
            width: features of a frame.
            key: for the weights.

        Raises:
            ValueError: unknown kind, or frames of another size.
        """
        if kind not in STAGES:
            raise ValueError(f"encoder={kind!r} is none of {', '.join(STAGES)}")
        if not 64 <= obs_size <= 512:
            raise ValueError(f"obs_size={obs_size!r} must be an integer from 64 to 512")
        self.kind, self.obs_size = kind, obs_size
        kernels_key, dense_key = jax.random.split(key)
        self.kernels = _kernels(kind, kernels_key)
        self.biases = tuple(jnp.zeros(k.shape[-1], jnp.float32) for k in self.kernels)
        frame = jax.ShapeDtypeStruct((1, obs_size, obs_size, 3), jnp.float32)
        convolved = partial(_convolved, kind)
        flat = jax.eval_shape(convolved, self.kernels, self.biases, frame)
        self.dense = Dense(flat.shape[-1], width, key=dense_key)

    def __call__(self, obs: Frames) -> Float32[Array, "*batch width"]:
        """Maps frames, uint8 or float in 0..255; all batch axes become one product."""
        *batch, rows, cols, channels = obs.shape
        if (rows, cols, channels) != (self.obs_size, self.obs_size, 3):
            raise ValueError(
                f"obs has frames {rows} x {cols} x {channels}, but the network was "
                f"built for {self.obs_size} x {self.obs_size} x 3 (obs_size)"
            )
        images = obs.reshape(-1, rows, cols, channels).astype(jnp.float32) / 255.0
        images = _convolved(self.kind, self.kernels, self.biases, images)
        return self.dense(images).reshape(*batch, -1)


def _kernels(kind: str, key: AnyKey) -> tuple[Array, ...]:
    channels, kernels = 3, []
    keys = jax.random.split(key, len(STAGES[kind]))
    for (side, _, features, _), stage_key in zip(STAGES[kind], keys, strict=True):
        inputs = side**2 * channels
        matrix = orthogonal(inputs, features, key=stage_key, gain=2**0.5)
        kernels.append(matrix.reshape(side, side, channels, features))
        channels = features
    return tuple(kernels)


def _convolved(
    kind: str, kernels: tuple[Array, ...], biases: tuple[Array, ...], images: Images
) -> Float32[Array, "batch features"]:
    for stage, weight, bias in zip(STAGES[kind], kernels, biases, strict=True):
        if kind != "published":
            images = _padded(images, stage)
        images = convolve(images, weight, stage.stride)
        images = _active(images + bias[None, None, None])
        if stage.pools:
            images = _pooled(images)
    return images.reshape(len(images), -1)


def _padded(images: Images, stage: Stage) -> Array:
    """Adds zeros at the right and at the bottom, so that kernels cover every pixel."""
    missing = -(images.shape[1] - stage.kernel) % stage.stride
    if not missing:
        return images
    return jnp.pad(images, ((0, 0), (0, missing), (0, missing), (0, 0)))


def _active(images: Images) -> Images:
    flat = images.reshape(len(images), -1)
    return nn.relu(normalise(flat)).reshape(images.shape)


def _pooled(images: Images) -> Array:
    """The largest of 2 x 2; an odd row or column at the end is left out."""
    batch, side, _, channels = images.shape
    if side < 2:
        return images
    even = images[:, : side // 2 * 2, : side // 2 * 2]
    even = even.reshape(batch, side // 2, 2, side // 2, 2, channels)
    return even.max(axis=(2, 4))
