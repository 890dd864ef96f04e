"""The command: every option, and what it refuses."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pygame
import pytest
from PIL import Image

from arcade_gym.commands.main import main
from arcade_gym.playing import app, pictures, window
from arcade_gym.playing.loop import Loop
from jax_core.game import Visibility
from tests.arcade_gym import decoding
from tests.arcade_gym.playing.kit import (
    SIDE,
    key_down,
)


class TestCommand:
    """`arcade-gym play` from its options to its files."""

    @pytest.fixture
    def quick(self, monkeypatch, compiled):
        """Begins with a compiled game and without the screen that says so."""
        made = []

        def match(env_id, *, partial_obs, obs_size, seed):
            found = compiled(env_id, seed)
            if partial_obs:
                found.visibility = Visibility.PARTIAL
                found.restart()
            made.append((env_id, partial_obs, obs_size, seed))
            return found

        monkeypatch.setattr(app, "Match", match)
        monkeypatch.setattr(app.loading, "run", lambda *args: True)
        return made

    def play(self, *arguments, keys=()):
        pygame.display.init()
        for key in (*keys, pygame.K_ESCAPE):
            key_down(key)
        return main(["play", *arguments])

    def test_options_reach_the_game(self, quick):
        options = ["-p", "-o", "64", "--seed", "9"]
        assert self.play("NavigatorEasy", *options) == 0
        assert self.play("NavigatorEasy") == 0
        assert quick == [
            ("NavigatorEasy", True, 64, 9),
            ("NavigatorEasy", False, 256, 0),
        ]
        assert not pygame.display.get_init()  # the window is closed

    def test_record_and_log_write_files(self, quick, tmp_path):
        movie, log = tmp_path / "a.mp4", tmp_path / "a.jsonl"
        files = ["--record", str(movie), "--log", str(log), "--fps", "7"]
        self.play("NavigatorEasy", *files, keys=[pygame.K_LEFT, pygame.K_RIGHT])
        frames, fps = decoding.decode_mp4(movie, 2 * SIDE, 2 * SIDE)
        assert (len(frames), fps) == (3, 7)
        (line,) = [json.loads(line) for line in log.read_text().splitlines()]
        assert (line["id"], line["length"]) == ("NavigatorEasy", 2)

    def test_without_an_id_there_is_a_menu(self, quick, monkeypatch):
        grey = np.zeros((pictures.SIDE, pictures.SIDE, 3), np.uint8)
        monkeypatch.setattr(pictures, "draw", lambda choice: grey)
        keys = [pygame.K_DOWN, pygame.K_RIGHT, pygame.K_v, pygame.K_RETURN]
        once = [*keys, pygame.K_UP, pygame.K_ESCAPE]
        self.play("-o", "64", keys=once)
        assert quick == [("NavigatorEasy", True, 64, 0)]
        self.play()
        assert len(quick) == 1  # Esc in the menu

    def test_esc_leads_back_to_the_menu_and_all_games_are_in_one_film(
        self, quick, monkeypatch, tmp_path
    ):
        grey = np.zeros((pictures.SIDE, pictures.SIDE, 3), np.uint8)
        monkeypatch.setattr(pictures, "draw", lambda choice: grey)
        path = tmp_path / "a.gif"
        once = [*[pygame.K_RIGHT] * 6, pygame.K_RETURN, pygame.K_LEFT, pygame.K_ESCAPE]
        again = [*[pygame.K_RIGHT] * 2, pygame.K_RETURN, pygame.K_x, pygame.K_ESCAPE]
        self.play("--record", str(path), "--turn-based", keys=[*once, *again])
        assert [made[0] for made in quick] == ["NavigatorEasy", "SkittlesEasy"]
        with Image.open(path) as film:
            assert film.n_frames == 3  # two of Navigator, the first of Skittles
        assert not pygame.display.get_init()

    def test_closing_the_window_of_a_game_closes_the_menu_too(self, quick, monkeypatch):
        grey = np.zeros((pictures.SIDE, pictures.SIDE, 3), np.uint8)
        monkeypatch.setattr(pictures, "draw", lambda choice: grey)
        pygame.display.init()
        for key in [*[pygame.K_RIGHT] * 6, pygame.K_RETURN]:
            key_down(key)
        pygame.event.post(pygame.Event(pygame.QUIT))
        assert main(["play"]) == 0
        assert [made[0] for made in quick] == ["NavigatorEasy"]

    @pytest.mark.parametrize(
        ("options", "pace"),
        [
            (["SkittlesEasy"], 6),
            (["SkittlesEasy", "--fps", "3"], 3),
            (["SkittlesEasy", "--fps", "3", "--turn-based"], None),
            (["NavigatorEasy"], None),
            (["NavigatorEasy", "--fps", "3"], None),
        ],
    )
    def test_the_pace_follows_the_game_and_the_options(
        self, quick, monkeypatch, options, pace
    ):
        paces = []
        monkeypatch.setattr(Loop, "run", lambda loop: paces.append(loop._fps))
        self.play(*options)
        assert paces == [pace]

    def test_leaving_while_it_compiles_plays_nothing(
        self, quick, monkeypatch, tmp_path
    ):
        monkeypatch.setattr(app.loading, "run", lambda *args: False)
        path = tmp_path / "a.gif"
        assert self.play("NavigatorEasy", "--record", str(path)) == 0
        assert not path.exists()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["NavigatorEesy"], "Did you mean 'NavigatorEasy'"),
            (["NavigatorEasy", "-o", "513"], "must be an integer from 64 to 512"),
            (
                ["NavigatorEasy", "--seed", "-1"],
                "must be an integer from 0 to 4294967295",
            ),
            (["NavigatorEasy", "--fps", "0"], "must be an integer from 1 to 50"),
            (["NavigatorEasy", "--record", "no/a.gif"], "cannot write 'no/a.gif'"),
            (["NavigatorEasy", "--record", "a.txt"], "a film ends in .gif or .mp4"),
            (["NavigatorEasy", "--log", "no/a.jsonl"], "cannot write 'no/a.jsonl'"),
        ],
    )
    def test_wrong_options_are_refused_before_anything_opens(
        self, quick, capsys, arguments, message
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["play", *arguments])
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
        assert quick == []

    def test_a_full_disk_takes_one_line(self, quick, monkeypatch, capsys, tmp_path):
        """The film is given up; what was there before stays."""

        def no_space(*arguments, **options):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        path = tmp_path / "a.gif"
        path.write_text("precious")
        monkeypatch.setattr(Image.Image, "save", no_space)
        assert self.play("NavigatorEasy", "--record", str(path)) == 1
        assert capsys.readouterr().err == (
            f"arcade-gym play: cannot write {str(path)!r}: No space left on device\n"
        )
        assert path.read_text() == "precious"
        assert list(tmp_path.iterdir()) == [path]
        assert not pygame.display.get_init()

    def test_a_log_on_a_full_disk_takes_one_line(self, quick, capsys):
        keys = [pygame.K_LEFT]
        assert self.play("NavigatorEasy", "--log", "/dev/full", keys=keys) == 1
        assert capsys.readouterr().err == (
            "arcade-gym play: cannot write '/dev/full': No space left on device\n"
        )

    def test_ctrl_c_closes_the_window(self, quick, monkeypatch):
        def interrupt(loop):
            raise KeyboardInterrupt

        monkeypatch.setattr(Loop, "run", interrupt)
        assert self.play("NavigatorEasy") == 130
        assert not pygame.display.get_init()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs a system without screen")
def test_without_a_screen_there_is_advice():
    """In a process of its own, without the dummy driver of the other tests."""
    removed = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    code = (
        f"import os; [os.environ.pop(name, None) for name in {removed}]; "
        "from arcade_gym import compilation_cache; "
        "from arcade_gym.commands.main import main; "
        "compilation_cache.enable = lambda: None; "
        "raise SystemExit(main(['play', 'NavigatorEasy']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "cannot open a window" in done.stderr
    assert "xvfb-run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_driver_that_fails_gives_the_same_advice(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no such driver")
    with pytest.raises(window.NoDisplayError, match="cannot open a window"):
        window.require_screen()
