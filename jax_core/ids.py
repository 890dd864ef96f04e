"""A tuple of ids that shows what was registered after it was imported."""

from collections.abc import Iterable, Iterator
from typing import Any


class LiveIds(tuple[str, ...]):
    """The keys of a table, read anew at every use.

    `from jax_core import registered_envs` therefore gives a name that stays true, and
    `isinstance(registered_envs, tuple)` holds. Only C code that looks into the memory
    of a tuple, such as `str.startswith`, sees the ids of the beginning. `tuple(...)`,
    copies and pickles are plain tuples of the present ids.
    """

    _table: Iterable[str]

    def __new__(cls, table: Iterable[str]) -> "LiveIds":
        """Takes the table, which may grow."""
        ids = tuple.__new__(cls, table)
        ids._table = table
        return ids

    @property
    def _now(self) -> tuple[str, ...]:
        return tuple(self._table)

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def __contains__(self, env_id: object) -> bool:
        return env_id in self._now

    def __getitem__(self, index: Any) -> Any:
        return self._now[index]

    def __add__(self, other: Any) -> Any:
        return self._now + tuple(other)

    def __radd__(self, other: Any) -> Any:
        return tuple(other) + self._now

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and self._now == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._now)

    def __repr__(self) -> str:
        return repr(self._now)

    def __reduce__(self) -> Any:
        return tuple, (self._now,)

    def index(self, env_id: object, *bounds: Any) -> int:
        """The place of an id; a ValueError if it is not there."""
        return self._now.index(env_id, *bounds)

    def count(self, env_id: object) -> int:
        """1 if there is such an id, else 0."""
        return self._now.count(env_id)
