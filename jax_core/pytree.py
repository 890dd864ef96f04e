"""Frozen keyword-only dataclasses that JAX can look into."""

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar, dataclass_transform

import jax

T = TypeVar("T")

_STATIC = "static"


def static(*, default: Any = dataclasses.MISSING) -> Any:
    """Marks a field that sets a shape or chooses code; a new value recompiles."""
    return dataclasses.field(default=default, metadata={_STATIC: True})


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
    """
    cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # a dataclass since the line above
    static_names = tuple(f.name for f in fields if f.metadata.get(_STATIC))
    leaf_names = tuple(f.name for f in fields if f.name not in static_names)
    leaf_keys = tuple(jax.tree_util.GetAttrKey(name) for name in leaf_names)

    def flatten(tree: T) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        leaves = tuple(getattr(tree, name) for name in leaf_names)
        return leaves, tuple(getattr(tree, name) for name in static_names)

    def flatten_with_keys(tree: T) -> tuple[Iterable[Any], tuple[Any, ...]]:
        leaves, statics = flatten(tree)
        return zip(leaf_keys, leaves, strict=True), statics

    def unflatten(statics: tuple[Any, ...], leaves: Iterable[Any]) -> T:
        tree = object.__new__(cls)
        for name, value in zip(leaf_names, leaves, strict=True):
            object.__setattr__(tree, name, value)
        for name, value in zip(static_names, statics, strict=True):
            object.__setattr__(tree, name, value)
        return tree

    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    return cls
