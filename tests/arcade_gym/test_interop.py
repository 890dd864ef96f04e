"""Arrays between JAX, PyTorch and NumPy."""

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from arcade_gym import interop
from arcade_gym.lanes import advice

DTYPES = ["uint8", "bool", "int32", "float32"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_jax_arrays_are_shared_with_torch(dtype):
    array = jnp.arange(64).reshape(8, 8).astype(dtype)
    tensor = interop.to_torch(array)
    assert tensor.data_ptr() == array.unsafe_buffer_pointer()
    assert str(tensor.dtype) == f"torch.{dtype}"
    assert np.array_equal(tensor.numpy(), array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_aligned_tensors_are_shared_with_jax(dtype):
    memory = torch.empty(4096 + 64, dtype=torch.uint8)
    start = -memory.data_ptr() % 64
    tensor = memory[start : start + 4096].view(getattr(torch, dtype))
    tensor.copy_(torch.arange(len(tensor)) % 2)
    array = interop.to_jax(tensor)
    assert array.unsafe_buffer_pointer() == tensor.data_ptr()
    assert str(array.dtype) == dtype
    assert np.array_equal(array, tensor.numpy())


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(100, dtype=torch.int64),
        torch.arange(100, dtype=torch.int32)[1:],  # misaligned
        torch.arange(100, dtype=torch.int32)[::3],  # strided
        torch.arange(100.0, requires_grad=True),
    ],
)
def test_other_tensors_are_copied_right(tensor):
    array = interop.to_jax(tensor)
    assert array.tolist() == tensor.tolist()
    assert array.dtype.itemsize == 4


def test_only_what_lies_otherwise_than_in_jax_is_copied():
    whole = torch.arange(100, dtype=torch.int32)
    assert interop.aligned(whole).data_ptr() == whole.data_ptr()
    for part in (whole[1:], whole[::3]):
        copy = interop.aligned(part)
        assert copy.data_ptr() % 64 == 0
        assert copy.is_contiguous()
        assert copy.tolist() == part.tolist()


def test_numpy_arrays_are_views_that_cannot_be_written():
    array = jnp.arange(8)
    view = interop.to_numpy(array)
    assert view.ctypes.data == array.unsafe_buffer_pointer()
    assert not view.flags.writeable
    assert interop.to_jax(np.arange(3, dtype=np.int32)).tolist() == [0, 1, 2]


def test_copies_are_tensors_of_their_own():
    array = jnp.arange(8)
    tensor = interop.copy_to_torch(array)
    tensor.fill_(7)
    assert array.tolist() == list(range(8))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (torch.zeros(1), True),
        (torch.nn.Parameter(torch.zeros(1)), True),
        (np.zeros(1), False),
        (jnp.zeros(1), False),
        ([torch.zeros(1)], False),
    ],
)
def test_tensors_are_recognised(value, expected):
    assert interop.is_torch(value) is expected


def test_a_watched_storage_is_gone_with_its_last_view():
    tensor = interop.to_torch(jnp.zeros(64, jnp.uint8))
    is_gone = interop.watch_storage(tensor)
    view = tensor[3:]
    del tensor
    assert not is_gone()
    del view
    assert is_gone()


@pytest.fixture
def warnings_seen(monkeypatch):
    seen = []
    monkeypatch.setattr(gymnasium.logger, "warn", seen.append)
    for name in (*advice._MEMORY_VARIABLES, "XLA_PYTHON_CLIENT_PREALLOCATE"):
        monkeypatch.delenv(name, raising=False)
    advice._warn.cache_clear()
    yield seen
    advice._warn.cache_clear()


def test_a_gpu_that_jax_has_taken_is_warned_of_once(warnings_seen):
    for _ in range(2):
        advice.on_sharing("gpu", device_was_named=True)
    assert len(warnings_seen) == 1
    assert "XLA_PYTHON_CLIENT_PREALLOCATE=false" in warnings_seen[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XLA_PYTHON_CLIENT_PREALLOCATE", "false"),
        ("XLA_CLIENT_MEM_FRACTION", ".3"),
        ("XLA_PYTHON_CLIENT_ALLOCATOR", "platform"),
    ],
)
def test_a_gpu_whose_memory_is_shared_is_no_reason_to_warn(
    name, value, warnings_seen, monkeypatch
):
    monkeypatch.setenv(name, value)
    advice.on_sharing("gpu", device_was_named=True)
    assert warnings_seen == []


def test_a_gpu_that_jax_does_not_see_is_warned_of(warnings_seen, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    advice.on_sharing("cpu", device_was_named=True)
    assert warnings_seen == []
    advice.on_sharing("cpu", device_was_named=False)
    assert "pip install 'arcade-gym[cuda]'" in warnings_seen[0]


def test_nothing_is_warned_of_on_a_laptop(warnings_seen, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    advice.on_sharing("cpu", device_was_named=False)
    assert warnings_seen == []
