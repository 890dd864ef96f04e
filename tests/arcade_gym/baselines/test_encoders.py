"""Convolutions against XLA's, and what encoders do with frames."""

from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from arcade_gym.baselines.layers import normalise
from arcade_gym.baselines.networks import convolution
from arcade_gym.baselines.networks.convolution import Form, convolve
from arcade_gym.baselines.networks.encoders import Encoder

KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def _lenient():
    """Replaces the one of conftest: this code works with strict arrays as well."""


def frames(side, *batch):
    pixels = np.random.default_rng(0).integers(0, 256, (*batch, side, side, 3))
    return jnp.asarray(pixels, jnp.uint8)


@cache
def encoder_of(kind, side):
    return eqx.filter_jit(lambda: Encoder(kind, side, 8, key=KEY))()


@eqx.filter_jit
def encoded(encoder, obs):
    return encoder(obs)


@pytest.mark.parametrize(
    ("kernel", "stride"), [(4, 4), (8, 4), (4, 2), (3, 1), (5, 2), (1, 1)]
)
def test_a_product_equals_the_convolution_of_xla(kernel, stride):
    """Values, and gradients with respect to images and weights."""
    images_key, weight_key, seed_key = jax.random.split(KEY, 3)

    @jax.jit
    def both_forms():
        images = jax.random.normal(images_key, (2, 13, 18, 3))
        weight = jax.random.normal(weight_key, (kernel, kernel, 3, 4))
        results = []
        for form in Form:
            convolved = partial(convolve, stride=stride, form=form)
            values, back = jax.vjp(convolved, images, weight)
            results.append((values, back(jax.random.normal(seed_key, values.shape))))
        return results

    have, want = both_forms()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), have, want)


@pytest.mark.parametrize(
    ("backend", "kernel", "stride", "form"),
    [
        ("cpu", 8, 4, Form.PRODUCT),
        ("gpu", 8, 4, Form.XLA),
        ("gpu", 4, 4, Form.PRODUCT),
    ],
)
def test_the_form_depends_on_the_backend(backend, kernel, stride, form, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert convolution.best_form(kernel, stride) is form


@pytest.mark.parametrize(("kind", "side"), [("conv", 84), ("published", 64)])
def test_encoders_compute_the_same_in_both_forms(kind, side, monkeypatch):
    encoder, obs = encoder_of(kind, side), frames(side, 2)
    have = encoded(encoder, obs)
    monkeypatch.setattr(convolution, "best_form", lambda *_: Form.XLA)
    want = eqx.filter_jit(lambda encoder: encoder(obs))(encoder)
    np.testing.assert_allclose(have, want, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "obs_size", "sides_and_features"),
    [
        ("patch", 64, 4 * 4 * 64),
        ("patch", 128, 8 * 8 * 64),
        ("patch", 100, 7 * 7 * 64),
        ("patch", 512, 32 * 32 * 64),
        ("conv", 84, 7 * 7 * 64),
        ("published", 128, 1 * 1 * 512),
        ("published", 64, 1 * 1 * 512),
        ("published", 256, 3 * 3 * 512),
    ],
)
def test_any_size_of_frames_is_taken(kind, obs_size, sides_and_features):
    encoder = jax.eval_shape(lambda: Encoder(kind, obs_size, 8, key=KEY))
    assert encoder.dense.weight.shape == (sides_and_features, 8)
    obs = jax.ShapeDtypeStruct((3, obs_size, obs_size, 3), jnp.uint8)
    assert jax.eval_shape(lambda e, o: e(o), encoder, obs).shape == (3, 8)


@pytest.mark.parametrize("kind", ["patch", "conv"])
def test_pixels_at_the_last_edges_count(kind):
    """83 is no multiple of any stride."""
    encoder, grey = encoder_of(kind, 83), jnp.full((1, 83, 83, 3), 128.0)
    changes = jax.jit(jax.grad(lambda obs: encoder(obs)[0, 0]))(grey)
    assert (np.abs(changes[0, -1]) > 0).any()
    assert (np.abs(changes[0, :, -1]) > 0).any()


def test_all_batch_axes_are_encoded_alike():
    encoder, obs = encoder_of("patch", 64), frames(64, 2, 3)
    have = encoded(encoder, obs)
    lanes = jax.jit(jax.vmap(encoder, in_axes=1, out_axes=1))(obs)
    np.testing.assert_allclose(have, lanes, atol=1e-5)
    single = jnp.stack([encoded(encoder, frame) for frame in obs.reshape(6, 64, 64, 3)])
    np.testing.assert_allclose(have, single.reshape(have.shape), atol=1e-5)


def test_bytes_and_floats_of_a_frame_are_the_same_to_it():
    encoder, obs = encoder_of("patch", 64), frames(64)
    as_float = encoded(encoder, obs.astype(jnp.float32))
    np.testing.assert_array_equal(encoded(encoder, obs), as_float)


@pytest.mark.parametrize("side", [64, 83])
def test_patches_are_convolutions_that_do_not_overlap(side):
    encoder, obs = encoder_of("patch", side), frames(side, 2)
    whole = jnp.zeros((2, *[-(-side // 16) * 16] * 2, 3), jnp.uint8)
    whole = whole.at[:, :side, :side].set(obs)
    images = whole.astype(jnp.float32) / 255  # nowhere else are pixels scaled
    for number, kernel in enumerate(encoder.kernels):
        images = jnp.maximum(images, 0) if number else images
        images = convolve(images, kernel, len(kernel), Form.XLA)
        images += encoder.biases[number][None, None, None]
    flat = jnp.maximum(normalise(images.reshape(2, -1)), 0)
    np.testing.assert_allclose(encoded(encoder, obs), encoder.dense(flat), atol=1e-4)


def test_unknown_encoders_and_sizes_are_refused():
    with pytest.raises(
        ValueError, match=r"Unknown encoder 'pacth'\. Did you mean 'patch'"
    ):
        Encoder("pacth", 64, 8, key=KEY)
    with pytest.raises(ValueError, match="obs_size=63 must be an integer from 64"):
        Encoder("patch", 63, 8, key=KEY)
    with pytest.raises(ValueError, match=r"128 x 128 x 3, but .* built for 64 x 64"):
        encoder_of("patch", 64)(frames(128))
