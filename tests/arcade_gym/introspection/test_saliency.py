"""Gradients of decisions are what calculus says, in time and in space."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from arcade_gym.introspection import (
    Target,
    frame_norms,
    frame_norms_at,
    saliency,
    saliency_maps,
    signed_gradients,
)
from tests.arcade_gym.baselines import kit
from tests.arcade_gym.introspection import known

AT = 2


@pytest.fixture(scope="module")
def episode():
    return known.episodes()[0]


def fading(network, at):
    """The gradient of every score with respect to each frame, as weights say."""
    ages = at - np.arange(at + 1)
    return network.factor ** ages[:, None, None, None, None] * np.asarray(
        network.weights
    )


@pytest.mark.parametrize("target", Target)
def test_the_map_of_a_linear_network_is_made_of_its_weights(episode, target):
    network = known.summing()
    gradients, action = fading(network, AT), episode.action[AT]
    mean = gradients.mean(1)
    scores = known_scores(network, episode, AT)
    chances = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    expected = {
        Target.SUM_ABS: np.abs(gradients).sum(1),
        Target.VALUE: np.abs(gradients[:, scores.argmax()]),
        Target.CHOSEN: np.abs(gradients[:, action]),
        Target.ADVANTAGE: np.abs(gradients[:, action] - mean),
        Target.POLICY: np.abs(
            gradients[:, action] - np.einsum("a,fa...->f...", chances, gradients)
        ),
    }[target]
    maps = saliency_maps(network, episode, AT, target)
    assert np.allclose(maps, expected, rtol=1e-4, atol=1e-4)


def known_scores(network, episode, at):
    images = episode.obs[: at + 1] / 255.0
    return np.einsum("fijc,faijc->a", images, fading(network, at))


def test_the_published_gradient_lets_actions_cancel(episode):
    network = known.summing()
    expected = fading(network, AT).sum(1)
    assert np.allclose(
        signed_gradients(network, episode, AT), expected, rtol=1e-4, atol=1e-4
    )


def test_norms_are_sums_over_the_maps(episode):
    network = known.summing()
    norms = frame_norms(network, episode)
    assert norms.shape == (len(episode) + 1,) * 2
    for at in range(len(episode) + 1):
        maps = saliency_maps(network, episode, at)
        expected = maps.sum((1, 2, 3))[::-1]
        assert np.allclose(norms[at, : at + 1], expected, rtol=1e-4)
        assert not norms[at, at + 1 :].any()
        assert np.allclose(
            frame_norms_at(network, episode, at), expected[::-1], rtol=1e-4
        )


def test_the_second_order_is_a_root_of_squares(episode):
    network = known.summing()
    squares = np.square(fading(network, AT)).sum((2, 3, 4))
    expected = np.sqrt(squares).sum(1)
    assert np.allclose(
        frame_norms_at(network, episode, AT, order=2), expected, rtol=1e-4
    )


def test_frames_after_a_decision_have_no_gradient(episode):
    """Before they are cut off."""
    network = kit.network("pqn", "gru")
    rows = saliency._as_images(network, episode)
    maps = saliency._maps(network, rows, np.int32(AT), np.int32(0), Target.SUM_ABS)
    assert len(maps) > AT + 1
    assert maps[: AT + 1].any((1, 2, 3)).all()
    assert not maps[AT + 1 :].any()


def test_frames_before_a_reset_have_no_gradient(episode, monkeypatch):
    first = episode.first.copy()
    first[AT] = True
    monkeypatch.setattr(type(episode), "first", property(lambda _: first))
    maps = saliency_maps(kit.network("pqn", "gru"), episode, AT + 1)
    assert not maps[:AT].any()
    assert maps[AT].any()


def test_decisions_of_a_network_without_memory_depend_on_their_frame_alone(episode):
    norms = frame_norms(kit.network("pqn", "none"), episode)
    assert not norms[:, 1:].any()
    assert (norms[:, 0] > 0).all()


@pytest.mark.parametrize("at", [-1, 5])
def test_a_frame_that_is_not_there_is_refused(episode, at):
    with pytest.raises(ValueError, match=f"0 to 4, got {at}"):
        saliency_maps(known.summing(), episode, at)


def test_an_unknown_target_names_the_nearest(episode):
    with pytest.raises(ValueError, match="Did you mean 'chosen'"):
        saliency_maps(known.summing(), episode, AT, "choosen")


def test_maps_agree_with_central_differences():
    """In float64: float32 cannot do it, for relu and LayerNorm bend at every step."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.arcade_gym.introspection.differences"],
        capture_output=True,
        text=True,
        check=False,
        cwd=kit.ROOT,
        env=os.environ | {"JAX_ENABLE_X64": "true", "JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for by_map, by_difference in json.loads(done.stdout.splitlines()[-1]):
        assert abs(by_map) > 1e-6
        assert by_map == pytest.approx(by_difference, rel=1e-6)
