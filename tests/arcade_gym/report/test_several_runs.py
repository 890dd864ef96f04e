"""Runs side by side: a policy with memory, and Q-values without, of another view."""

import re

import pytest

from arcade_gym.report.controls import OVERLAYS
from tests.arcade_gym.report import pages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(two_runs, tmp_path_factory):
    return pages.written(two_runs, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def page(written):
    return pages.Page(written.text)


def test_every_run_has_its_rows(written):
    for name in ("policy", "values"):
        assert written.text.count(f"</svg>{name}</th>") > 3
    returns = written.text.partition('id="returns"')[2].partition("</table>")[0]
    assert returns.count("<tr>") == 1 + 4 + 2  # PPO is judged with drawn actions too
    assert "full view, as trained" in returns


def test_transfer_has_the_means_of_both_views(written):
    cells = written.text.partition('class="transfer"')[2].partition("</table>")[0]
    means = re.findall(r'shade-\d">([^<]+)<', cells)
    assert means == ["0.250", "1.000", "1.000", "0.250"]  # full, partial; of each run


def test_it_says_how_far_it_is(written):
    pages.check_said(written, "policy", "values")


def test_settings_that_differ_are_marked(written):
    assert "<strong>memory</strong>" in written.text
    assert "<span>env_id</span>" in written.text


@pytest.mark.parametrize("number", [0, 1])
def test_players_have_the_episodes_of_the_agent(two_runs, written, number):
    pages.check_player(written, two_runs, number)


def test_controls_of_runs_are_their_own(page):
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    radios = [attrs for tag, attrs in page.tags if attrs.get("type") == "radio"]
    assert [one["value"] for one in radios] == [*OVERLAYS] * 2
    assert [one["value"] for one in radios if "checked" in one] == ["exchange"] * 2
    assert len({one["name"] for one in radios}) == 2
