"""Gymnasium's wrappers for vector environments, as `docs/wrappers.md` lists them."""

import jax.numpy as jnp
import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.wrappers import vector

LIBRARIES = {"jax": jnp, "torch": torch, "numpy": np}


def _convert_to(target):
    def wrap(envs):
        own = LIBRARIES[envs.unwrapped.backend]
        return vector.ArrayConversion(envs, own, LIBRARIES[target])

    return wrap


def _crop(envs):
    spaces = (Box(0, 255, shape, np.uint8) for shape in [(3, 32, 32, 3), (32, 32, 3)])
    return vector.TransformObservation(envs, lambda obs: obs[:, ::2, ::2], *spaces)


WRAPPERS = {
    "ArrayConversion to jax": _convert_to("jax"),
    "ArrayConversion to numpy": _convert_to("numpy"),
    "ArrayConversion to torch": _convert_to("torch"),
    "ClipReward": lambda envs: vector.ClipReward(envs, -1, 1),
    "DictInfoToList": vector.DictInfoToList,
    "DtypeObservation": lambda envs: vector.DtypeObservation(envs, np.float32),
    "FlattenObservation": vector.FlattenObservation,
    "GrayscaleObservation": vector.GrayscaleObservation,
    "NormalizeObservation": vector.NormalizeObservation,
    "NormalizeReward": vector.NormalizeReward,
    "RecordEpisodeStatistics": vector.RecordEpisodeStatistics,
    "RecordVideo": lambda envs: vector.RecordVideo(envs, "videos"),
    "RescaleObservation": lambda envs: vector.RescaleObservation(
        envs, np.float32(0), np.float32(1)
    ),
    "ReshapeObservation": lambda envs: vector.ReshapeObservation(envs, (64 * 64, 3)),
    "TransformObservation": _crop,
    "TransformReward": lambda envs: vector.TransformReward(
        envs, lambda reward: reward.clip(-1, 1)
    ),
}


def expected_cells(page):
    """The cells of the table: (wrapper, backend, mode, text)."""
    lines = page.split("<!-- matrix -->")[1].split("\n\n")[0].strip().splitlines()
    header, _, *rows = (
        [c.strip() for c in line.strip("|").split("|")] for line in lines
    )
    for name, *texts in rows:
        for column, text in zip(header[1:], texts, strict=True):
            backend, _, mode = column.partition(", ")
            yield name, backend, mode or "NextStep", text
