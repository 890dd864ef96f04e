"""The demonstration runs, with fewer and shorter films."""

import sys
from pathlib import Path

from PIL import Image

from jax_core import registry
from tests.examples.loading import load


def test_the_demo_writes_a_picture_and_an_animation(tmp_path, monkeypatch, capsys):
    demo = load("demo")
    commands = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["demo.py"])
    monkeypatch.setattr(demo, "STEPS", 3)
    monkeypatch.setattr(demo, "LANES", 2)
    monkeypatch.setattr(
        demo.registry, "games", {"Breakout": registry.games["Breakout"]}
    )
    monkeypatch.setattr(
        demo.subprocess, "run", lambda command, check: commands.append(command)
    )
    demo.main()
    with Image.open("demo/games.png") as picture, Image.open("demo/games.gif") as film:
        assert picture.size == (2 * 2 * 134, 134)
        assert film.n_frames == 3
    assert Path(commands[0][1]).is_file()
    assert "Next:" in capsys.readouterr().out
