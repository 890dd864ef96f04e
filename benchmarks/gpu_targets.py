"""GPUs that XLA can compile for without having one: what it wants to know of them."""

from typing import NamedTuple


class Target(NamedTuple):
    """One kind of GPU, by the data sheet."""

    name: str
    memory_bytes: int
    bytes_per_second: int  # between memory and chip


TARGETS = {
    "h100": Target("NVIDIA H100 80GB HBM3", 84_942_979_072, 3_352_320_000_000),
    "h200": Target("NVIDIA H200 141GB HBM3e", 151_397_597_184, 4_800_000_000_000),
}
ARCHITECTURE = "sm_90a"  # of both
_CUDA, _CUDNN = "12.9.0", "9.10.0"

# Limits and sizes of both, compute capability 9.0 with 132 multiprocessors.
_CHIP = {
    "threads_per_block_limit": 1024,
    "threads_per_warp": 32,
    "shared_memory_per_block": 48 * 1024,
    "shared_memory_per_core": 228 * 1024,
    "shared_memory_per_block_optin": 227 * 1024,
    "threads_per_core_limit": 2048,
    "core_count": 132,
    "fpus_per_core": 128,
    "block_dim_limit_x": 2**31 - 1,
    "block_dim_limit_y": 2**16 - 1,
    "block_dim_limit_z": 2**16 - 1,
    "thread_dim_limit_x": 1024,
    "thread_dim_limit_y": 1024,
    "thread_dim_limit_z": 64,
    "registers_per_core_limit": 2**16,
    "registers_per_block_limit": 2**16,
    "l2_cache_size": 50 * 2**20,
    "clock_rate_ghz": 1.98,
    "device_vendor": '"NVIDIA Corporation"',
    "platform_version": '"Compute Capability 9.0a"',
    "driver_version": f'"{_CUDA}"',
    "runtime_version": f'"{_CUDA}"',
    "compile_time_toolkit_version": f'"{_CUDA}"',
    "dnn_version": f'"{_CUDNN}"',
}


def describe(target: Target) -> str:
    """XLA's `GpuTargetConfigProto` as text."""
    chip = _CHIP | {
        "name": f'"{target.name}"',
        "memory_bandwidth": target.bytes_per_second,
        "device_memory_size": target.memory_bytes,
    }
    fields = "\n".join(f"  {name}: {value}" for name, value in chip.items())
    return f"""gpu_device_info {{
{fields}
  cuda_compute_capability {{ major: 9 feature_extension: ACCELERATED_FEATURES }}
}}
platform_name: "CUDA"
dnn_version_info {{ major: 9 minor: 10 }}
runtime_version {{ major: 12 minor: 9 }}
device_description_str: "{target.name}"
"""
