"""From frames to features."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import nn
from jaxtyping import Array, Float, UInt8

from arcade_gym.baselines.layers import Dense, normalise, orthogonal
from arcade_gym.baselines.networks.convolution import Images, convolve
from jax_core.registry import unknown
from jax_core.types import AnyKey

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


class Encoder(eqx.Module):
    """Convolutions with relu, LayerNorm after the last one, and a dense layer.

    One norm is enough for all convolutions, because relu keeps factors: a norm after
    each would bound no more and make learning on CPUs a fifth slower.
    """

    kernels: tuple[Float[Array, "kernel kernel channels features"], ...]
    biases: tuple[Float[Array, " features"], ...]
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
            raise ValueError(unknown("encoder", kind, tuple(STAGES)))
        if not 64 <= obs_size <= 512:
            raise ValueError(f"obs_size={obs_size!r} must be an integer from 64 to 512")
        self.kind, self.obs_size = kind, obs_size
        kernels_key, dense_key = jax.random.split(key)
        self.kernels = _kernels(STAGES[kind], kernels_key)
        self.biases = tuple(jnp.zeros(k.shape[-1], jnp.float32) for k in self.kernels)
        side = _sides(STAGES[kind], _whole_side(kind, obs_size))[-1]
        flat = side**2 * STAGES[kind][-1].features
        self.dense = Dense(flat, width, key=dense_key)

    def __call__(self, obs: Frames) -> Float[Array, "*batch width"]:
        """Maps frames, uint8 or float in 0..255; all batch axes become one product."""
        *batch, rows, cols, channels = obs.shape
        if (rows, cols, channels) != (self.obs_size, self.obs_size, 3):
            raise ValueError(
                f"obs has frames {rows} x {cols} x {channels}, but the network was "
                f"built for {self.obs_size} x {self.obs_size} x 3 (obs_size)"
            )
        pixels = _padded(obs.reshape(-1, rows, cols, channels), self.kind)
        convolved = self._patches if self.kind == "patch" else self._convolved
        flat = nn.relu(normalise(convolved(pixels)))
        return self.dense(flat).reshape(*batch, -1)

    def _scaled(self, pixels: Array) -> Array:
        """Pixels in 0..1, in the dtype of the weights."""
        return pixels.astype(self.kernels[0].dtype) / 255.0

    def _convolved(self, pixels: Array) -> Float[Array, "batch flat"]:
        images = self._scaled(pixels)
        layers = zip(STAGES[self.kind], self.kernels, self.biases, strict=True)
        for index, (stage, weight, bias) in enumerate(layers):
            # No relu on the pixels: where they are black, gradients would vanish.
            images = nn.relu(images) if index else images
            images = convolve(images, weight, stage.stride) + bias[None, None, None]
            images = _pooled(images) if stage.pools else images
        return images.reshape(len(images), -1)

    def _patches(self, pixels: Array) -> Float[Array, "batch flat"]:
        """The same for kernels that do not overlap; only the bytes are transposed."""
        x = self._scaled(_nested(pixels, [len(kernel) for kernel in self.kernels]))
        for index, (weight, bias) in enumerate(
            zip(self.kernels, self.biases, strict=True)
        ):
            x = nn.relu(x) if index else x
            matrix = weight.reshape(-1, weight.shape[-1])
            x = x.reshape(-1, len(matrix)) @ matrix + bias[None]
        return x.reshape(len(pixels), -1)


def _kernels(stages: tuple[Stage, ...], key: AnyKey) -> tuple[Array, ...]:
    channels, kernels = 3, []
    keys = jax.random.split(key, len(stages))
    for (side, _, features, _), stage_key in zip(stages, keys, strict=True):
        inputs = side**2 * channels
        matrix = orthogonal(inputs, features, key=stage_key, gain=2**0.5)
        kernels.append(matrix.reshape(side, side, channels, features))
        channels = features
    return tuple(kernels)


def _sides(stages: tuple[Stage, ...], side: int) -> list[int]:
    """Sides of the images after each stage."""
    sides = []
    for kernel, stride, _, pools in stages:
        side = (side - kernel) // stride + 1
        side = max(1, side // 2) if pools else side
        sides.append(side)
    return sides


def _whole_side(kind: str, side: int) -> int:
    """The smallest side from a given one on that kernels cover to the last pixel.

    Frames are not enlarged for "published", which leaves pixels out.
    """
    stages = STAGES[kind]
    if kind == "published":
        return side
    while _covered(stages, side) < side:
        side += 1
    return side


def _covered(stages: tuple[Stage, ...], side: int) -> int:
    """Pixels of a side that reach the last stage."""
    covered = _sides(stages, side)[-1]
    for kernel, stride, *_ in reversed(stages):
        covered = (covered - 1) * stride + kernel
    return covered


def _padded(pixels: Array, kind: str) -> Array:
    """Adds black pixels at the right and at the bottom."""
    missing = _whole_side(kind, pixels.shape[1]) - pixels.shape[1]
    if not missing:
        return pixels
    return jnp.pad(pixels, ((0, 0), (0, missing), (0, missing), (0, 0)))


def _nested(pixels: Array, sizes: list[int]) -> Array:
    """Orders pixels so that each patch is a run, and so is each patch of patches.

    Args:
        pixels: [batch, side, side, 3], side a multiple of the product of the sizes.
        sizes: sides of patches: the first in pixels, the next in patches before them.
    """
    batch, side, _, channels = pixels.shape
    axis = (side // math.prod(sizes), *reversed(sizes))  # of a row, outermost first
    ordered = [
        level + 1 + start for level in range(len(axis)) for start in (0, len(axis))
    ]
    split = pixels.reshape(batch, *axis, *axis, channels)
    return split.transpose(0, *ordered, 2 * len(axis) + 1)


def _pooled(images: Images) -> Array:
    """The largest of 2 x 2; an odd row or column at the end is left out."""
    batch, side, _, channels = images.shape
    if side < 2:
        return images
    even = images[:, : side // 2 * 2, : side // 2 * 2]
    even = even.reshape(batch, side // 2, 2, side // 2, 2, channels)
    return even.max(axis=(2, 4))
