"""Frozen keyword-only dataclasses that JAX can look into."""

import collections
import dataclasses
import json
from collections.abc import Iterable
from typing import Any, TypeVar, dataclass_transform

import jax
from jax import export

T = TypeVar("T")

_STATIC = "static"

_classes: collections.Counter[str] = collections.Counter()  # by name, to export them


def static(*, default: Any = dataclasses.MISSING) -> Any:
    """Marks a field that sets a shape or chooses code; a new value recompiles."""
    return dataclasses.field(default=default, metadata={_STATIC: True})


def static_names(tree: Any) -> tuple[str, ...]:
    """Names of the fields made with `static()`, of a class or of an instance."""
    fields = dataclasses.fields(tree)
    return tuple(field.name for field in fields if field.metadata.get(_STATIC))


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(static, dataclasses.field),
)
def pytree(cls: type[T]) -> type[T]:
    """Turns a class with annotations into a frozen dataclass and a JAX pytree.

    Fields made with `static()` become part of the tree's structure, all others are
    its leaves. Change an instance with `dataclasses.replace`. Unflattening skips
    `__init__`, because batched leaves and placeholders would not pass its shape checks.
    `jax.export` writes and reads functions of such trees where static values are
    numbers, strings, None, or tuples of them.
    """
    cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # a dataclass since the line above
    statics_of_cls = static_names(cls)
    leaf_names = tuple(f.name for f in fields if f.name not in statics_of_cls)
    leaf_keys = tuple(jax.tree_util.GetAttrKey(name) for name in leaf_names)

    def flatten(tree: T) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        leaves = tuple(getattr(tree, name) for name in leaf_names)
        return leaves, tuple(getattr(tree, name) for name in statics_of_cls)

    def flatten_with_keys(tree: T) -> tuple[Iterable[Any], tuple[Any, ...]]:
        leaves, statics = flatten(tree)
        return zip(leaf_keys, leaves, strict=True), statics

    def unflatten(statics: tuple[Any, ...], leaves: Iterable[Any]) -> T:
        tree = object.__new__(cls)
        for name, value in zip(leaf_names, leaves, strict=True):
            object.__setattr__(tree, name, value)
        for name, value in zip(statics_of_cls, statics, strict=True):
            object.__setattr__(tree, name, value)
        return tree

    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    _make_exportable(cls)
    return cls


def _make_exportable(cls: type[Any]) -> None:
    """Lets `jax.export` write and read functions of such trees.

    A class is found again by its name. One that is defined anew, in a notebook say,
    gets a number as well.
    """
    name = f"{cls.__module__}.{cls.__qualname__}"
    _classes[name] += 1
    if _classes[name] > 1:
        name += f"#{_classes[name]}"
    export.register_pytree_node_serialization(
        cls,
        serialized_name=name,
        serialize_auxdata=lambda statics: json.dumps(statics).encode(),
        deserialize_auxdata=lambda text: _tuples(json.loads(text)),
    )


def _tuples(value: Any) -> Any:
    """JSON knows no tuples, and static values must be hashable."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
