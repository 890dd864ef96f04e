"""What callers pass to `reset` and `step`, made ready for the compiled functions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from arcade_gym import interop
from arcade_gym.lanes import arguments
from arcade_gym.lanes.placement import Placement, join_shards


class Intake:
    """Checks and places the arrays of one environment.

    Arrays that lie in host memory are checked, JAX arrays by shape and dtype only,
    since even on a CPU they may have to be waited for. Arrays of the right kind on the
    right device are used as they are.
    """

    def __init__(
        self,
        placement: Placement,
        num_envs: int,
        num_actions: int,
        *,
        validates: bool,
        reads_masks: bool,
        follows_torch: bool,
    ) -> None:
        """Makes the intake.

        Args:
            placement: where the lanes live.
            num_envs: number of lanes.
            num_actions: number of actions of a lane.
            validates: checks values on accelerators too, which waits for them.
            reads_masks: reads masks on accelerators too.
            follows_torch: the frames go to PyTorch on an accelerator.
        """
        self._placement = placement
        self._sharding = placement.sharding
        self._devices = frozenset(placement.devices)
        self._num_envs = num_envs
        self._num_actions = num_actions
        self._validates = validates
        self._reads_masks = reads_masks or validates
        self._follows_torch = follows_torch
        self._cuda = placement.cuda if follows_torch else None

    def actions(self, actions: Any) -> Any:
        """Makes int32 of actions, on the devices of the lanes.

        Returns:
            int32 [num_envs]; [num_envs, 2], the halves of each number, for tensors of
            int64 on accelerators, which the compiled step joins.

        Raises:
            ValueError: wrong shape, or a value out of range that could be seen.
            TypeError: not integers.
        """
        if isinstance(actions, jax.Array):
            return self._jax_actions(actions)
        if interop.is_torch(actions):
            return self._torch_actions(actions)
        if self._is_one_tensor_per_device(actions):
            return self._split_actions(actions)
        host = arguments.host_actions(actions, self._num_envs, self._num_actions)
        return self.place(host)

    def reset_mask(self, mask: Any) -> tuple[Any, np.ndarray | None]:
        """Checks `options["reset_mask"]`, as `gymnasium.vector.SyncVectorEnv` does.

        Returns:
            The mask, to be placed, and the same on the host; None where that would wait
            for an accelerator.

        Raises:
            TypeError: not a NumPy, JAX or PyTorch array, or not of bool.
            ValueError: wrong shape, or no lane chosen.
        """
        arguments.check_reset_mask(mask, self._num_envs)
        if not self._is_cheap_to_read(mask):
            if interop.is_torch(mask):
                return self._shared_with_torch(mask), None
            self.wait_for_torch()
            return mask, None
        host = np.array(mask.cpu().numpy() if interop.is_torch(mask) else mask)
        if not host.any():
            raise ValueError(
                "`options['reset_mask']` must contain a boolean array with at least "
                f"one True value, got reset_mask={host}"
            )
        return host, host

    def wait_for_torch(self) -> None:
        """Waits for readers of freed tensors, whose memory may be used next.

        PyTorch frees tensors while its kernels may still read them, and JAX does not
        know about those kernels when it uses the memory again.
        """
        if self._follows_torch:
            import torch  # noqa: PLC0415  # optional dependency

            for device in self._placement.devices:
                torch.cuda.current_stream(device.local_hardware_id).synchronize()

    def place(self, array: Any) -> Any:
        """Moves an array to the devices of the lanes, for `reset` or `step`.

        A value that passes through PyTorch's stream makes the computation that takes
        it wait for the readers of freed tensors, without making the host wait.
        """
        if isinstance(array, jax.Array):
            if self._is_placed(array):
                return array
            return jax.device_put(array, self._sharding)
        if self._follows_torch and not self._placement.is_spread:
            return self._through_torch(array)
        if self._placement.platform == "cpu" and not self._placement.is_spread:
            return array  # a compiled function takes host memory without a copy
        self.wait_for_torch()
        return jax.device_put(array, self._sharding)

    def _is_placed(self, array: jax.Array) -> bool:
        if self._placement.is_spread:
            return array.sharding.is_equivalent_to(self._sharding, array.ndim)
        return array.sharding.device_set == self._devices

    def _through_torch(self, array: np.ndarray) -> jax.Array:
        import torch  # noqa: PLC0415  # optional dependency

        index = self._placement.devices[0].local_hardware_id
        return self._to_jax(torch.from_numpy(array).to(f"cuda:{index}"))

    def _jax_actions(self, actions: jax.Array) -> jax.Array:
        arguments.refuse_tracer(actions)
        arguments.check_actions(actions.shape, actions.dtype, self._num_envs)
        if self._validates:
            self._check_range(actions)
        self.wait_for_torch()
        if actions.dtype != np.int32:
            if not np.can_cast(actions.dtype, np.int32):
                # Numbers that int32 cannot hold must stay out of range.
                is_signed = np.issubdtype(actions.dtype, np.signedinteger)
                least = -1 if is_signed else 0
                actions = jnp.clip(actions, least, self._num_actions)
            actions = actions.astype(np.int32)
        return self.place(actions)

    def _torch_actions(self, actions: Any) -> Any:
        arguments.check_actions(actions.shape, actions.dtype, self._num_envs)
        if actions.device.type == "cpu" or self._placement.platform == "cpu":
            host = actions.detach().cpu().numpy()
            return self.place(
                arguments.host_actions(host, self._num_envs, self._num_actions)
            )
        if self._validates:
            self._check_range(actions)
        return self.place(self._from_accelerator(actions))

    def _is_one_tensor_per_device(self, actions: Any) -> bool:
        return (
            self._placement.is_spread
            and isinstance(actions, (list, tuple))
            and all(interop.is_torch(part) for part in actions)
        )

    def _split_actions(self, actions: Any) -> jax.Array:
        devices = len(self._placement.devices)
        if len(actions) != devices:
            raise ValueError(
                f"actions must be one tensor for each of the {devices} devices or one "
                f"array of {self._num_envs}, got {len(actions)} tensors"
            )
        for part in actions:
            arguments.check_actions(part.shape, part.dtype, self._num_envs // devices)
            if self._validates or part.device.type == "cpu":
                self._check_range(part)
        parts = [self._from_accelerator(part) for part in actions]
        assert isinstance(self._sharding, jax.sharding.NamedSharding)
        return join_shards(parts, self._sharding)

    def _from_accelerator(self, actions: Any) -> jax.Array:
        import torch  # noqa: PLC0415  # optional dependency

        if actions.dtype == torch.int64:
            actions = actions.contiguous().view(torch.int32).view(-1, 2)
        elif actions.dtype != torch.int32:
            # Numbers that int32 cannot hold must stay out of range.
            actions = actions.long().clamp(-1, self._num_actions).int()
        return self._shared_with_torch(actions)

    def _shared_with_torch(self, tensor: Any) -> jax.Array:
        """Gives JAX a tensor, or a copy if PyTorch could write to it too early.

        PyTorch waits for the frames of a step that it is handed, and so for the step's
        reading of the actions. If nothing is handed to it, nothing makes it wait.
        """
        return self._to_jax(tensor if self._follows_torch else tensor.clone())

    def _to_jax(self, tensor: Any) -> jax.Array:
        if self._cuda is None or tensor.device.index != self._cuda.index:
            return interop.to_jax(tensor)
        return self._cuda.to_jax(tensor)

    def _is_cheap_to_read(self, array: Any) -> bool:
        if isinstance(array, np.ndarray) or self._reads_masks:
            return True
        if self._placement.platform == "cpu":
            return True
        if interop.is_torch(array):
            return array.device.type == "cpu"
        return all(device.platform == "cpu" for device in array.devices())

    def _check_range(self, actions: Any) -> None:
        least, largest = int(actions.min()), int(actions.max())
        arguments.check_range(least, largest, self._num_actions)


def has_mask(options: dict[str, Any] | None) -> bool:
    """Whether `reset` is asked for a part of the lanes.

    Raises:
        ValueError: an option that is not known.
        TypeError: no dictionary.
    """
    if options is not None and not isinstance(options, dict):
        raise TypeError(
            "options must be None or a dictionary such as {'reset_mask': mask}, got "
            f"{options!r}"
        )
    unknown = sorted(set(options or {}) - {"reset_mask"}, key=str)
    if unknown:
        raise ValueError(
            f"reset() knows the option 'reset_mask' only, got {unknown}; leave the "
            "others out"
        )
    return bool(options)
