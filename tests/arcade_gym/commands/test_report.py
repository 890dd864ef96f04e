"""`arcade-gym report`: one page about runs, or a reason why not."""

import pytest

from arcade_gym.commands import compilation_cache
from arcade_gym.commands.main import main
from tests.arcade_gym.baselines.conftest import own_cue
from tests.arcade_gym.report import folders
from tests.arcade_gym.study import kit

__all__ = ["own_cue"]

SMALL = ("--episodes", "2", "--shown", "1", "--max-steps", "3")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, lenient_arrays):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compilation_cache, "enable", lambda: None)


@pytest.fixture(scope="module")
def run(tmp_path_factory, own_cue):
    return folders.untrained(tmp_path_factory.mktemp("runs") / "a", memory="none")


def write(*arguments):
    return main(["report", *map(str, arguments)])


@pytest.mark.quick
def test_a_page_is_written(run, tmp_path, capsys):
    assert write(run, *SMALL) == 0
    captured = capsys.readouterr()
    assert captured.out == "Wrote report.html; open it in a browser\n"
    assert "2/2 episodes of a played" in captured.err
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_options_reach_the_page(run, tmp_path):
    options = ("--kind", "swap", "--seed", "11", "--network", "last")
    assert write(run, *SMALL, *options, "--out", "x.html") == 0
    text = (tmp_path / "x.html").read_text()
    assert "Contamination by swap" in text
    assert "seeds 11 and up" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "name the folder of a run: arcade-gym report DIR"),
        ("nowhere", "nowhere is not the folder of a run"),
        ("RUN --out RUN", "a report ends in .html or .htm"),
        ("RUN --out no/x.html", "cannot write 'no/x.html'"),
        ("RUN --study nowhere", "nowhere"),
        ("RUN --episodes 1", "episodes must be from 2"),
        ("RUN --max-steps 0", "max_steps must be from 1"),
        ("RUN --kind nois", "Did you mean 'noise'"),
        ("RUN --target valu", "Did you mean 'value'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    run, tmp_path, capsys, arguments, message
):
    assert write(*arguments.replace("RUN", str(run)).split()) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_study_ends_the_page(run, tmp_path):
    out = tmp_path / "results"
    kit.write_study(out, lambda *_: (0.5, 0.25), memory=("none", "gru"), seeds=2)
    assert write(run, *SMALL, "--study", out) == 0
    text = (tmp_path / "report.html").read_text()
    assert text.index('id="memory"') < text.index('id="study"')
    assert text.count('<section id="study-') == 3
    assert '<a href="#study">Study</a>' in text


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_page(run, tmp_path, monkeypatch, capsys):
    (tmp_path / "report.html").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert write(run, *SMALL) == 1
    assert "cannot write 'report.html': No space left" in capsys.readouterr().err
    assert (tmp_path / "report.html").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
