import sys
import types

import pytest


@pytest.fixture
def clips(monkeypatch, tmp_path):
    """What Gymnasium's RecordVideo would write: (frames, frames per second) each.

    A stand-in for moviepy, which does not work with the present Pillow.
    """
    written = []

    class ImageSequenceClip:
        def __init__(self, frames, fps):
            written.append((list(frames), fps))

        def write_videofile(self, path, **options):
            pass

    module = types.ModuleType("moviepy.video.io.ImageSequenceClip")
    module.ImageSequenceClip = ImageSequenceClip
    for name in ("moviepy", "moviepy.video", "moviepy.video.io", module.__name__):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    return written
