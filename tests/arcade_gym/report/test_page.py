"""The page holds what was measured, and loads nothing; mistakes leave no half file."""

import base64
import errno
import hashlib
import html
import json
import re

import numpy as np
import pytest

from arcade_gym.report import Settings, memory, write_report, writing
from arcade_gym.report.controls import OVERLAYS
from arcade_gym.report.players import player
from arcade_gym.report.runs import load_runs
from arcade_gym.report.settings import silently
from tests.arcade_gym.report import folders, pages


@pytest.fixture(scope="module")
def written(two_runs, tmp_path_factory):
    """The page of one run; two take twice as long, and are told of elsewhere."""
    return pages.written(two_runs[:1], tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def text(written):
    return written.text


@pytest.fixture(scope="module")
def page(text):
    return pages.Page(text)


def test_all_that_is_opened_is_closed(page):
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)


def test_nothing_can_be_loaded(text, page):
    """The browser is told which style and script are the page's own."""
    (policy,) = (
        attrs["content"]
        for tag, attrs in page.tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    for _, attrs in page.tags:
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
        assert "style" not in attrs


def test_links_and_labels_point_to_what_is_there(page):
    for _, attrs in page.tags:
        for name in ("href", "for", "aria-labelledby"):
            if name in attrs:
                assert attrs[name].removeprefix("#") in page.ids
    for tag, attrs in page.tags:
        if tag in ("canvas", "svg") and attrs.get("role") == "img":
            assert attrs["aria-label"]


def test_no_path_of_the_machine_gets_out(text, two_runs):
    assert str(two_runs[0].parent) not in text


def test_a_run_has_its_rows(text):
    assert text.count("</svg>policy</th>") > 3
    assert "CueEasy" in text
    returns = text.partition('id="returns"')[2].partition("</table>")[0]
    assert returns.count("<tr>") == 1 + 4  # PPO is judged with drawn actions too
    assert "partial view, as trained" in returns


def test_transfer_has_the_means_of_both_views(text):
    cells = text.partition('class="transfer"')[2].partition("</table>")[0]
    means = re.findall(r'shade-\d">([^<]+)<', cells)
    assert means == ["0.250", "1.000"]  # full, partial


def test_it_says_how_far_it_is(written):
    pages.check_said(written, "policy")


@pytest.mark.parametrize("number", [0])
def test_players_have_the_episodes_of_the_agent(two_runs, written, number):
    pages.check_player(written, two_runs, number)


def test_overlays_can_be_chosen_by_their_names(page):
    radios = [attrs for tag, attrs in page.tags if attrs.get("type") == "radio"]
    assert [one["value"] for one in radios] == [*OVERLAYS]
    assert [one["value"] for one in radios if "checked" in one] == ["exchange"]
    assert len({one["name"] for one in radios}) == 1


@pytest.mark.slow  # a network of its own is compiled
def test_names_cannot_become_markup(own_cue, tmp_path):
    path = folders.untrained(tmp_path / "<b>&amp;", memory="none")
    settings = Settings(episodes=2, shown=1, max_steps=2)
    out = write_report([path], tmp_path / "x.html", settings)
    text = out.read_text()
    assert "<b>" not in text
    assert html.escape("<b>&amp;") in text


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        *folders.DAMAGES,
        ({"memory": "lru"}, "does not hold the weights of the network"),
        ({"env_id": "ClueEasy"}, "Unknown environment"),
    ],
)
def test_runs_that_cannot_be_used_are_refused(own_cue, tmp_path, damage, message):
    path = folders.untrained(tmp_path / "x")
    folders.changed(path, **damage)
    refused([path], tmp_path / "report.html", message)


def test_other_folders_are_refused(own_cue, two_runs, tmp_path):
    out = tmp_path / "report.html"
    refused([tmp_path], out, "is not the folder of a run", FileNotFoundError)
    refused([], out, "name the folder of a run")
    refused([two_runs[0], two_runs[0]], out, "is named twice")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("report.pdf", "a report ends in .html or .htm"),
        ("nowhere/report.html", "cannot write"),
    ],
)
def test_places_that_cannot_be_written_are_refused(two_runs, tmp_path, name, message):
    refused(two_runs, tmp_path / name, message)


def refused(paths, out, message, error=ValueError):
    """An older page stays as it is, and nothing is beside it."""
    before = set(out.parent.iterdir()) if out.parent.exists() else None
    with pytest.raises(error, match=re.escape(message)):
        write_report(paths, out)
    assert before == (set(out.parent.iterdir()) if out.parent.exists() else None)


def test_a_full_disk_leaves_the_old_page(two_runs, tmp_path, monkeypatch):
    out = tmp_path / "report.html"
    out.write_text("old")

    class Full:
        def encode(self):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "judged", lambda *_: None)
    monkeypatch.setattr(writing, "look_inside", lambda *_: None)
    monkeypatch.setattr(writing, "player", lambda *_: None)
    monkeypatch.setattr(writing, "_page", lambda *_: Full())
    with pytest.raises(OSError, match=r"cannot write '.*report\.html': No space"):
        write_report(two_runs, out, pages.SETTINGS)
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.slow  # a network of its own is compiled
def test_an_agent_whose_decisions_depend_on_nothing_has_a_page(
    own_cue, tmp_path, monkeypatch
):
    """Its density is not defined, and the page says how many were left out."""
    path = folders.untrained(tmp_path / "x", memory="none")

    def nothing(*_, **__):
        raise memory.NothingChangesError("no frame")

    monkeypatch.setattr(memory, "density_of", nothing)
    settings = Settings(episodes=2, shown=1, max_steps=2)
    text = write_report([path], tmp_path / "x.html", settings).read_text()
    assert "Recall density by exchange" not in text
    assert "\N{EN DASH}</td>" in text


def test_text_can_be_read_on_its_ground_in_both_themes():
    """Contrast as WCAG 2 counts it: 4.5 for text, 3 for lines."""
    style = writing._asset("report.css")
    themes = re.findall(r"color-scheme: (light|dark);(.*?)}", style, re.DOTALL)
    assert [name for name, _ in themes] == ["light", "dark", "dark"]
    for _, theme in themes:
        color = dict(re.findall(r"--([\w-]+): (#\w{6})", theme))
        for ground in ("page", "card"):
            for text in ("ink", "soft", "accent"):
                assert contrast(color[text], color[ground]) >= 4.5, (text, ground)
        for number in range(8):
            assert contrast(color[f"series-{number}"], color["card"]) >= 4.5
        assert contrast(color["on-accent"], color["accent"]) >= 4.5


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color):
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(
        channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.slow
def test_five_runs_fit_into_ten_megabytes(own_cue, tmp_path):
    """Frames of NoisyCartPole are the largest: each has noise of its own."""
    path = folders.untrained(tmp_path / "x", env_id="NoisyCartPoleHard", memory="none")
    (run,) = load_runs([path], "best")
    settings = Settings(episodes=2, shown=1, max_steps=20)
    inside = memory.look_inside(run, settings, silently)
    drawn = player(run, inside, settings, silently)
    steps = len(inside.episodes[0])
    a_run = len(json.dumps(drawn)) * 64 / steps * Settings().shown
    assert 5 * a_run < 9e6
