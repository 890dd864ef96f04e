"""Refuses to run in processes that were forked after JAX had started.

JAX's threads do not survive a fork, so a compiled call would wait there for ever.
"""

import functools
import os


@functools.cache
def note_start() -> int:
    """Notes the process in which JAX was started; forked copies inherit the note."""
    return os.getpid()


def refuse_forked() -> None:
    """Raises an error instead of hanging.

    Raises:
        RuntimeError: JAX was started by an environment in another process, of which
            this one is a fork.
    """
    if note_start() != os.getpid():
        raise RuntimeError(
            "JAX was started before this process was forked and cannot run in it. Use "
            "ArcadeVectorEnv, which needs no processes, or start them without fork: "
            "make_vec(..., vectorization_mode='async', vector_kwargs={'context': "
            "'spawn'})"
        )
