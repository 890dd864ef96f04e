"""What XLA makes of a function for a GPU that is not there, read from its dumps.

Only to be used in a process of its own: XLA reads where to dump, and JAX its platforms,
before anything else.
"""

import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gpu_targets import ARCHITECTURE, TARGETS, describe

_STRUCTURE = {"kCommandBuffer", "kWhile", "kConditional", "kSequential"}
_FREE = {"bitcast", "parameter", "get-tuple-element", "tuple", "constant"}
_DTYPE_BYTES = {"pred": 1, "bf16": 2}


class Program(NamedTuple):
    """Compiler output of one step; nothing has run."""

    launches: int  # kernels, copies and fills
    copies: int
    loops: int  # on the host, and in the kernel that draws
    graphs: int
    frame_kernels: int  # that write a quarter of the frames' bytes or more
    written: float  # bytes written by all kernels, for each byte of the frames
    store_bytes: int  # of the narrowest store of the kernel that draws
    instructions: float  # machine instructions of that kernel for each byte of frames
    others: float  # instructions of all other kernels, at most, for each of its own
    registers: int  # of that kernel, per thread
    local_bytes: int  # stack and spills of all kernels
    rounded: int  # products of factors that are rounded to 11 bits (TF32) or fewer


class _Kernel(NamedTuple):
    """One kernel's machine code; static counts."""

    instructions: int
    loops: int
    store_bytes: list[int]  # of one thread, for each store
    registers: int


def prepare(folder: Path) -> None:
    """Lets XLA dump into a folder; JAX must not be imported yet."""
    assert "jax" not in sys.modules
    # In place of others: tests hand on flags, and the setting below, to compile faster.
    os.environ["XLA_FLAGS"] = f"--xla_dump_to={folder} --xla_dump_hlo_as_text"
    os.environ["JAX_PLATFORMS"] = "cpu"  # CUDA compiles and never starts
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # what is cached has no dump
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "false"


def compile_for(
    target: str, jitted: Any, arguments: tuple[Any, ...], folder: Path
) -> Program:
    """Compiles a jitted function for a target and reads what came of it.

    Args:
        target: of `TARGETS`.
        jitted: what `jax.jit` returned.
        arguments: shapes and dtypes; the first one is that of the frames.
        folder: as given to `prepare`; it is emptied.
    """
    import jax  # noqa: PLC0415  # after `prepare`
    from jax.experimental import topologies  # noqa: PLC0415
    from jax.sharding import SingleDeviceSharding  # noqa: PLC0415

    for path in folder.iterdir():
        path.unlink()
    topology = topologies.get_topology_desc(
        topology_name=target,
        platform="cuda",
        topology="1x1x1",
        target_config=describe(TARGETS[target]),
    )
    device = SingleDeviceSharding(topology.devices[0])
    placed = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=device), arguments
    )
    jitted.trace(*placed).lower(lowering_platforms=("cuda",)).compile()
    return read_dump(folder, math.prod(arguments[0].shape))


def read_dump(folder: Path, frame_bytes: int) -> Program:
    """Reads the dump of the only program in a folder."""
    thunks = _only(folder, "*.thunk_sequence.txt").read_text()
    # Missing where too few launches follow each other for a graph.
    passed = folder.glob("*.thunk_sequence_after_thunk_passes.txt")
    graphs = "".join(path.read_text() for path in passed)
    hlo = _only(folder, "*gpu_after_optimizations.txt").read_text()
    launches = read_launches(thunks)
    written = [size for size, _ in read_writes(hlo)]
    drawing = max(launches, key=lambda launch: launch[2])
    ptx = next(
        path
        for path in folder.glob("*.ptx")
        if f".entry {drawing[1]}(" in path.read_text()
    )
    kernel, local_bytes = read_kernels(folder, ptx)
    codes = [path.read_text() for path in folder.glob("*.ptx")]
    threads = drawing[2]
    return Program(
        launches=len(launches),
        copies=sum(kind == "kCopy" for kind, *_ in launches),
        loops=len(re.findall(r"\bkWhile\b", thunks)) + kernel.loops,
        graphs=len(re.findall(r"\bkCommandBuffer\b", graphs)),
        frame_kernels=sum(size >= frame_bytes / 4 for size in written),
        written=sum(written) / frame_bytes,
        store_bytes=min(kernel.store_bytes),
        instructions=kernel.instructions * threads / frame_bytes,
        others=weigh_others(launches, drawing[1], codes),
        registers=kernel.registers,
        local_bytes=local_bytes,
        rounded=sum(len(re.findall(r"\bw?g?mma\.", code)) for code in codes),
    )


def read_launches(thunks: str) -> list[tuple[str, str, int]]:
    """Kind, name and threads of all that is launched, in order."""
    launches = []
    for line in thunks.splitlines():
        found = re.match(r"\s*\d+: (k\w+) +\[.*?\] *(\S*)(.*)", line)
        if found and found[1] not in _STRUCTURE:
            sizes = re.findall(r"(?:grid|threads): \[(\d+), (\d+), (\d+)\]", found[3])
            threads = math.prod(int(n) for size in sizes for n in size) if sizes else 0
            launches.append((found[1], found[2], threads))
    return launches


def weigh_others(
    launches: Sequence[tuple[str, str, int]], drawing: str, codes: Sequence[str]
) -> float:
    """What all other kernels may execute, beside the kernel that draws.

    Branches count as if each thread took them all, which those of a warp nearly do
    where they differ from thread to thread.
    """
    length = {}
    for code in codes:
        for name in re.findall(r"\.entry (\w+)\(", code):
            length[name] = len(re.findall(r"^\s+(?:@\S+ +)?[a-z].*;$", code, re.M))
    issued = [(name, length.get(name, 0) * threads) for _, name, threads in launches]
    drawn = sum(count for name, count in issued if name == drawing)
    return sum(count for _, count in issued) / drawn - 1


def read_writes(hlo: str) -> list[tuple[int, str]]:
    """Bytes and name of all that the program's operations write to memory."""
    entry = hlo[hlo.index("\nENTRY") :]
    writes = []
    for line in entry[: entry.index("\n}")].splitlines():
        found = re.match(r"\s+(?:ROOT )?%?(\S+) = (.*?) ([a-z][\w\-]*)\(", line)
        if found and found[3] not in _FREE:
            shapes = re.findall(r"([a-z]+\d*)\[([\d,]*)\]", found[2])
            writes.append((sum(_bytes_of(*shape) for shape in shapes), found[1]))
    return writes


def _bytes_of(dtype: str, shape: str) -> int:
    size = (
        _DTYPE_BYTES.get(dtype) or int(dtype.lstrip("abcdefghijklmnopqrstuvwxyz")) // 8
    )
    return size * math.prod(int(n) for n in shape.split(",") if n)


def read_kernels(folder: Path, drawing: Path) -> tuple[_Kernel, int]:
    """The kernel that draws, and the local memory of all kernels in bytes."""
    # An empty file is a part of the program that needs no kernel.
    codes = [path for path in sorted(folder.glob("*.ptx")) if path.stat().st_size]
    report = _assemble(*codes)  # at once, which is three times as fast
    sizes = re.findall(r"(\d+) bytes (?:stack frame|spill)", report)
    local_bytes = sum(int(size) for size in sizes)
    registers = int(re.findall(r"Used (\d+) registers", _assemble(drawing))[0])
    stores = re.findall(r"st\.global(?:\.v(\d))?\.[a-z](\d+)", drawing.read_text())
    code = _run("nvdisasm", "-c", drawing.with_suffix(".cubin"))
    instructions, loops = count_instructions(code)
    widths = [int(count or 1) * int(bits) // 8 for count, bits in stores]
    return _Kernel(instructions, loops, widths, registers), local_bytes


def count_instructions(code: str) -> tuple[int, int]:
    """Instructions up to the last exit, and branches backwards among them.

    Without such branches no thread executes more than these.
    """
    labels: dict[str, int] = {}
    branches: list[tuple[int, str]] = []
    count = last_exit = 0
    for line in code.splitlines():
        if label := re.match(r"\s*(\.L_\w+):", line):
            labels[label[1]] = count
        elif found := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:@\S+ +)?([A-Z]\w*)", line):
            count += found[1] != "NOP"
            last_exit = count if found[1] == "EXIT" else last_exit
            if target := re.search(r"BRA.*\((\.L_\w+)\)", line):
                branches.append((count, target[1]))
    backward = [at for at, label in branches if at <= last_exit and labels[label] < at]
    return last_exit, len(backward)


def _assemble(*codes: Path) -> str:
    """What the assembler reports; of one code the result is a file beside it."""
    output = codes[-1].with_suffix(".cubin")
    return _run("ptxas", f"-arch={ARCHITECTURE}", "-v", *codes, "-o", output)


def _only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def _run(tool: str, *arguments: Any) -> str:
    """What a tool of the CUDA packages prints."""
    done = subprocess.run(
        [_find(tool), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{tool} failed: {done.stderr}")
    return done.stdout + done.stderr


def _find(tool: str) -> str:
    for root in map(Path, sys.path):
        for path in root.glob(f"nvidia/*/bin/{tool}"):
            path.chmod(0o755)  # pip does not keep the bit
            return str(path)
    found = shutil.which(tool)
    if found is None:
        raise FileNotFoundError(
            f"{tool} is missing; install nvidia-cuda-nvcc-cu12 and nvidia-cuda-nvdisasm"
        )
    return found
