"""`call`, `get_attr` and `set_attr` of `gymnasium.vector.SyncVectorEnv`."""

from typing import Any, NoReturn

_WHOLE_BATCH = ("reset", "step", "close")


def refuse_to_set(name: str) -> NoReturn:
    """Refuses to set what an environment would not follow.

    Raises:
        AttributeError: always.
    """
    raise AttributeError(
        f"{name!r} belongs to the environment and is the same for all lanes; "
        "make a new environment with the options that you need"
    )


class LaneAttributes:
    """Attributes by lane, for code that was written for a list of environments.

    The lanes of an environment share one compiled program, so they cannot differ in
    anything that the environment itself knows. Attributes of the caller's own can.
    """

    num_envs: int

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Returns an attribute once for every lane: (value,) * num_envs.

        Raises:
            AttributeError: there is none of this name.
        """
        if name in self._own_attributes():
            return self._own_attributes()[name]
        if name in ("action_space", "observation_space"):
            name = f"single_{name}"  # what a lane has
        return (getattr(self, name),) * self.num_envs

    def set_attr(self, name: str, values: Any) -> None:
        """Keeps an attribute of the caller's own, to be read with `get_attr`.

        Args:
            name: anything that the environment has not got.
            values: a list or tuple with one value per lane, or one value for all.

        Raises:
            AttributeError: the environment has such an attribute, option or parameter
                of its level.
            ValueError: a wrong number of values.
        """
        if hasattr(self, name) or name in self.fixed_names():
            refuse_to_set(name)
        if not isinstance(values, (list, tuple)):
            values = [values] * self.num_envs
        if len(values) != self.num_envs:
            raise ValueError(
                f"values must be one for each of the {self.num_envs} environments, got "
                f"{len(values)}"
            )
        self._own_attributes()[name] = tuple(values)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Calls a method once and returns its result for every lane.

        `call("render")` gives each lane its own frame. Attributes that are no methods
        are returned as by `get_attr`.

        Raises:
            AttributeError: there is none of this name.
            ValueError: a method that acts on all lanes at once.
        """
        if name in _WHOLE_BATCH:
            raise ValueError(
                f"call({name!r}) would act on all lanes {self.num_envs} times; call "
                f"{name}() of the environment itself"
            )
        method = self.get_attr(name)[0]
        if not callable(method):
            return self.get_attr(name)
        result = method(*args, **kwargs)
        if name == "render" and isinstance(result, tuple):
            return result
        return (result,) * self.num_envs

    def fixed_names(self) -> tuple[str, ...]:
        """Names of what was chosen when the environment was made."""
        return ()

    def _own_attributes(self) -> dict[str, tuple[Any, ...]]:
        return self.__dict__.setdefault("_own", {})
