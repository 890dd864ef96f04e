"""Frames are written into memory that nobody can see any more, and into no other."""

import numpy as np
import pytest
import torch

from tests.arcade_gym.kit import make, random_actions

VIEWS = {
    "torch": [
        lambda obs: obs,
        lambda obs: obs[1],
        lambda obs: obs.permute(0, 3, 1, 2),
        lambda obs: obs.view(-1)[5:],
        lambda obs: obs.numpy(),
        torch.utils.dlpack.to_dlpack,
    ],
    "numpy": [
        lambda obs: obs,
        lambda obs: obs[1, ::2],
        lambda obs: obs.reshape(-1),
        memoryview,
        lambda obs: np.asarray(obs).view(np.int8),
        iter,
    ],
}


def address(obs):
    return obs.data_ptr() if isinstance(obs, torch.Tensor) else obs.ctypes.data


@pytest.mark.parametrize("backend", VIEWS)
def test_a_loop_uses_two_buffers_in_turn(backend):
    envs = make(backend=backend)
    obs, _ = envs.reset(seed=0)
    addresses = []
    for action in random_actions(12, 3):
        obs, *_ = envs.step(action)
        addresses.append(address(obs))
    assert len(set(addresses)) == 2


@pytest.mark.parametrize(
    ("backend", "view"), [(name, view) for name in VIEWS for view in VIEWS[name]]
)
def test_memory_with_any_view_alive_is_left_alone(backend, view):
    envs = make(backend=backend, game="Skittles")
    obs = envs.reset(seed=0)[0]
    where = address(obs)
    held = view(obs)
    del obs
    for action in random_actions(12, 3):
        assert address(envs.step(action)[0]) != where
    del held
    kept = [envs.step(action)[0] for action in random_actions(4, 3)]
    assert where in {address(obs) for obs in kept}  # not copied for the view's sake


def test_a_tensor_in_a_graph_of_gradients_is_left_alone():
    envs = make(backend="torch", game="Skittles")
    weight = torch.ones(1, requires_grad=True)
    obs = envs.reset(seed=0)[0]
    wanted = obs.float().sum()
    loss = (obs.float() * weight).sum()
    del obs
    for action in random_actions(6, 3):
        envs.step(action)
    loss.backward()
    assert weight.grad == wanted


def test_batches_held_for_long_belong_to_their_holder():
    envs = make(backend="torch")
    held = [envs.reset(seed=0)[0]]
    held += [envs.step(action)[0] for action in random_actions(30, 3)]
    assert len({address(obs) for obs in held}) == 31
    assert len(envs._frames._memory._lent) <= 9
    held.clear()
    for action in random_actions(3, 3):
        envs.step(action)
    assert len(envs._frames._memory._free) <= 2


def test_closing_leaves_frames_with_their_holder():
    envs = make(backend="numpy")
    obs = envs.reset(seed=0)[0]
    copy = obs.copy()
    envs.close()
    assert np.array_equal(obs, copy)


def test_jax_arrays_are_never_written_again():
    """Two arrays may share a buffer unseen, so their holders cannot be counted."""
    envs = make(backend="jax")
    obs = envs.reset(seed=0)[0]
    part, copy = obs.addressable_data(0), np.array(obs)
    del obs
    for action in random_actions(6, 3):
        envs.step(action)
    assert np.array_equal(part, copy)
