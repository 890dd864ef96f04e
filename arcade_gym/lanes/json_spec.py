"""A spec in Gymnasium that JSON can hold, whatever the options were given as."""

import copy
import enum
from typing import Any

from gymnasium.envs.registration import EnvSpec

from arcade_gym.lanes.arguments import TorchDevice
from jax_core.limits import python_scalar


class JsonSpec:
    """Keeps a spec whose options are names and numbers.

    Gymnasium stores the options in the spec as they were given, and `spec.to_json()`
    knows no `torch.device`, NumPy number or `AutoresetMode`. The constructors take the
    names and Python's numbers for the same.
    """

    _spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """What `gymnasium.make` and `make_vec` make the environment from again."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            spec = copy.copy(spec)  # may be that of the registry
            spec.kwargs = {name: _plain(value) for name, value in spec.kwargs.items()}
        self._spec = spec


def _plain(option: Any) -> Any:
    """An option as JSON can write it; params with arrays, say, stay as they are."""
    if isinstance(option, enum.Enum):
        return option.value
    if isinstance(option, TorchDevice):
        return str(option)
    if isinstance(option, (list, tuple)):
        return [_plain(one) for one in option]
    return python_scalar(option)
