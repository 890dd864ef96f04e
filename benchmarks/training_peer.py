"""Starts the published package's PQN and times it, whatever it does."""

import os
import signal
import subprocess
import tempfile
import time
from typing import IO, Any

import peer_process

COMPILE_LIMIT = 600  # seconds until it must have begun to train


def measure(
    python: str, env_id: str, obs_size: int, share: int, seconds: int
) -> dict[str, Any]:
    """Trains for one update, or as long as is allowed.

    Args:
        python: the interpreter that has the package.
        env_id: a level.
        obs_size: pixels of a side of the frames.
        share: into how many parts its rollout is cut, of which one is measured.
        seconds: that it may train, once it is compiled.

    Returns:
        `steps_per_second` of the update; or `less_than` where it had not ended in time;
        or `error`, "n/a: ...", where it did not start. Beside them its settings.
    """
    arguments = env_id, obs_size, share
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = peer_process.start(
            python, "peer_training.py", *arguments, out=out, err=err
        )
        trained = _wait(process, out, seconds)
        if process.poll() is None:
            peer_process.end(process)
        process.wait()
        return _result(_read(out), trained, _all(err), process.returncode)


def _wait(process: subprocess.Popen[str], out: IO[bytes], seconds: int) -> float:
    """Waits for the end or the limit; gives the seconds since it was compiled."""
    start, compiled = time.perf_counter(), None
    while process.poll() is None:
        now = time.perf_counter()
        if compiled is None and "compile" in _read(out):
            compiled = now
        begun, limit = (
            (start, COMPILE_LIMIT) if compiled is None else (compiled, seconds)
        )
        if now - begun > limit:
            break
        time.sleep(0.2)
    return 0.0 if compiled is None else time.perf_counter() - compiled


def _result(
    said: dict[str, Any], trained: float, err: str, code: int | None
) -> dict[str, Any]:
    """What came of it."""
    if "seconds" in said:
        rate = said["steps"] / said["seconds"]
        rates = {"median": rate, "least": rate, "largest": rate}
        return said | {"steps_per_second": rates, "error": None}
    if "compile" in said and code == -signal.SIGKILL:
        return said | {"less_than": said["steps"] / trained, "error": None}
    if code == -signal.SIGKILL:
        return {"error": f"n/a: not compiled after {COMPILE_LIMIT} s"}
    return said | {"error": f"n/a: {peer_process.reason(err, code)}"}


def _read(out: IO[bytes]) -> dict[str, Any]:
    """The records that it has printed so far, joined."""
    said: dict[str, Any] = {}
    for record in peer_process.records(_all(out)):
        said |= record
    return said


def _all(file: IO[bytes]) -> str:
    # The process writes at the position of the same file, which must not be moved.
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")
