"""Films: GIF through Pillow, MP4 through ffmpeg (extra `video`).

A film is written beside its path and put there when it is complete, so that a full disk
or an interruption leaves no half file and never costs the file that was there before.
"""

import os
import subprocess
import warnings
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from arcade_gym.whole_files import WriteError, explained

Picture = UInt8[np.ndarray, "rows columns 3"]

MAX_FPS = 50  # viewers slow GIFs of less than 20 ms per frame down


class Film(ABC):
    """A film being written; its file is there once `close` was called."""

    def __init__(self, path: Path, fps: int, scale: int) -> None:
        """Takes a checked path, frames per second and a whole factor of enlargement."""
        self.path = path
        self._fps = fps
        self._scale = scale
        self._is_open = True

    def add(self, frame: Picture) -> None:
        """Appends a frame: uint8 [height, width, 3], of one size throughout.

        Raises:
            WriteError: the disk is full, say; the film is given up.
        """
        self._append(frame.repeat(self._scale, axis=0).repeat(self._scale, axis=1))

    def close(self) -> None:
        """Completes the file. A film without frames leaves none; closing twice is fine.

        Raises:
            WriteError: the disk is full, say; the path is left as it was.
        """
        if not self._is_open:
            return
        self._is_open = False
        part = part_of(self.path)
        try:
            with explained(self.path):
                if self._finish(part):
                    os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    @abstractmethod
    def _append(self, frame: Picture) -> None: ...

    @abstractmethod
    def _finish(self, part: Path) -> bool:
        """Completes the film in the file `part`; False if it has no frames."""


class Gif(Film):
    """A GIF that loops; exact where a frame has no more than 256 colors.

    Pillow stores equal frames in a row as one that lasts longer.
    """

    def __init__(self, path: Path, fps: int, scale: int | None) -> None:
        """Enlarges by 1 where the scale is left open."""
        super().__init__(path, fps, scale or 1)
        self._frames: list[Image.Image] = []

    def _append(self, frame: Picture) -> None:
        image = Image.fromarray(frame)
        self._frames.append(image.convert("P", palette=Image.Palette.ADAPTIVE))

    def _finish(self, part: Path) -> bool:
        if not self._frames:
            return False
        first, *rest = self._frames
        with part.open("wb") as file:
            first.save(
                file,
                format="GIF",
                save_all=True,
                append_images=rest,
                duration=round(100 / self._fps) * 10,  # GIF counts in 10 ms
                loop=0,
                optimize=True,  # stores what has changed alone
            )
        return True


class Mp4(Film):
    """H.264 in the form that every player reads, of such quality that eyes see no loss.

    That form stores color at half the resolution, so frames are enlarged to 2 x 2 or
    more whole pixels each, unless a scale of 1 is asked for.
    """

    _ENCODING = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "12")

    def __init__(self, path: Path, fps: int, scale: int | None) -> None:
        """Enlarges by 2 where the scale is left open."""
        super().__init__(path, fps, scale or 2)
        self._ffmpeg: subprocess.Popen[bytes] | None = None

    def _append(self, frame: Picture) -> None:
        height, width, _ = frame.shape
        to_even = ((0, height % 2), (0, width % 2), (0, 0))
        frame = np.pad(frame, to_even, mode="edge")
        if self._ffmpeg is None:
            self._ffmpeg = self._start(frame)
        assert self._ffmpeg.stdin
        try:
            self._ffmpeg.stdin.write(frame.tobytes())
        except BrokenPipeError:
            self.close()  # raises with what ffmpeg said

    def _start(self, frame: Picture) -> "subprocess.Popen[bytes]":
        import imageio_ffmpeg  # noqa: PLC0415  # optional dependency

        height, width, _ = frame.shape
        raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}")
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *raw]
        command += ["-r", str(self._fps), "-i", "-", "-an", *self._ENCODING]
        with warnings.catch_warnings():
            # The child only becomes ffmpeg and never comes back to JAX.
            warnings.filterwarnings("ignore", r"os\.fork\(\)", RuntimeWarning)
            return subprocess.Popen(
                [*command, str(part_of(self.path))],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C ends the film and not ffmpeg
            )

    def _finish(self, part: Path) -> bool:
        if self._ffmpeg is None:
            return False
        said = self._ffmpeg.communicate()[1].decode(errors="replace").strip()
        if self._ffmpeg.returncode:
            reason = said.rpartition("] ")[2] or "it was ended"  # without its addresses
            raise WriteError(f"cannot write {str(self.path)!r}: ffmpeg: {reason}")
        return True


KINDS: dict[str, type[Gif | Mp4]] = {".gif": Gif, ".mp4": Mp4}


def open_film(path: Path, *, fps: int, scale: int | None = None) -> Film:
    """Starts a film; an existing file is replaced.

    Args:
        path: ends in .gif or .mp4.
        fps: frames per second, 1 to 50. GIFs round to 1/100 s per frame.
        scale: whole factor of enlargement; None is 1 for GIF and 2 for MP4.

    Raises:
        ValueError: another suffix, a path that cannot be written, a bad rate or scale.
        ImportError: an MP4 without the extra `video`.
    """
    if not 1 <= fps <= MAX_FPS:
        raise ValueError(f"fps must lie in 1..{MAX_FPS}, got {fps}")
    if scale is not None and scale < 1:
        raise ValueError(f"scale must be None or at least 1, got {scale}")
    check_path(path)
    return KINDS[path.suffix.lower()](path, fps, scale)


def check_path(path: Path) -> None:
    """Refuses a path before anything is played for it; creates and changes nothing.

    Raises:
        ValueError: unknown suffix, or nothing can be written there.
        ImportError: an MP4 without the extra `video`.
    """
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"a film ends in {' or '.join(KINDS)}, got {str(path)!r}")
    if path.suffix.lower() == ".mp4":
        try:
            import imageio_ffmpeg  # noqa: F401, PLC0415  # optional dependency
        except ImportError as error:
            raise ImportError(
                "MP4 needs ffmpeg: pip install 'arcade-gym[video]'. GIF works without"
            ) from error
    check_writable(path)
    check_writable(part_of(path))


def part_of(path: Path) -> Path:
    """Where a film lies while it is written: a hidden file in the same folder."""
    return path.with_name(f".{path.stem}.part{path.suffix}")


def check_writable(path: Path) -> None:
    """Refuses a file that cannot be written, and leaves everything as it is.

    Raises:
        ValueError: the folder is missing, the path is a folder, or access is denied.
    """
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise ValueError(
            f"cannot write {str(path)!r}: {error.strerror}. Choose a file in a folder "
            "that exists and that you may write to"
        ) from error
    if is_new:
        path.unlink()
