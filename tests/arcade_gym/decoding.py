"""Decodes films."""

import re
import subprocess

import imageio_ffmpeg
import numpy as np
from PIL import Image


def decode_gif(path):
    """Frames and durations in ms; Pillow keeps equal frames in a row as one."""
    frames, durations = [], []
    with Image.open(path) as film:
        for index in range(film.n_frames):
            film.seek(index)
            frames.append(np.asarray(film.convert("RGB")))
            durations.append(film.info["duration"])
    return frames, durations


def decode_mp4(path, height, width):
    """Frames and frames per second."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)]
    to_pipe = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run([*command, *to_pipe], capture_output=True, check=True)
    frames = np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)
    fps = re.search(rb"([0-9.]+) fps", done.stderr)[1]
    return frames, float(fps)


def repeat_by_duration(frames, durations, fps):
    """The frames of a GIF, one per step again."""
    step = round(100 / fps) * 10
    return [
        f for f, ms in zip(frames, durations, strict=True) for _ in range(ms // step)
    ]
