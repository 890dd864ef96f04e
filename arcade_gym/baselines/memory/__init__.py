"""Memories: one protocol, a catalog, and the check of a memory of your own."""

from arcade_gym.baselines.memory.catalog import (
    canonical_name,
    make_memory,
    memory_names,
)
from arcade_gym.baselines.memory.cells import GRU, LRU, MinGRU, NoMemory
from arcade_gym.baselines.memory.checking import answer_size
from arcade_gym.baselines.memory.protocol import Carry, Memory
from arcade_gym.baselines.memory.stacked import Stacked
from arcade_gym.baselines.memory.zoo import MemaxMemory

__all__ = [
    "GRU",
    "LRU",
    "Carry",
    "MemaxMemory",
    "Memory",
    "MinGRU",
    "NoMemory",
    "Stacked",
    "answer_size",
    "canonical_name",
    "make_memory",
    "memory_names",
]
