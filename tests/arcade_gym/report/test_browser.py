"""The page works in a real browser: slider, keys, overlays, themes, sizes."""

import json

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from arcade_gym.report import Settings, write_report
from tests.browsing import SECONDS, WIDTHS, opened, show

pytestmark = pytest.mark.slow

THEMES = ("light", "dark")
PICTURES = "return [...arguments[0].querySelectorAll('canvas')].map(c => c.toDataURL())"
STRIP = (
    "return [...arguments[0].querySelectorAll('.strip li:not(.absent) .share')]"
    ".map(s => s.textContent)"
)


@pytest.fixture(scope="module")
def page(two_runs, tmp_path_factory):
    """The address of a report."""
    out = tmp_path_factory.mktemp("page") / "report.html"
    settings = Settings(episodes=4, shown=2, max_steps=15)
    return write_report(two_runs, out, settings).as_uri()


@pytest.fixture(scope="module")
def browser():
    with opened() as browser:
        yield browser


@pytest.fixture
def player(browser, page):
    """The first player, drawn."""
    return shown(browser, page)[0]


def shown(browser, page, width="desktop", theme="light"):
    media = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [media]})
    show(browser, WIDTHS[width], page)
    players = browser.find_elements(By.CSS_SELECTOR, ".player")
    for player in players:
        until(browser, lambda _, player=player: player.get_attribute("data-ready"))
    return players


def until(browser, condition):
    WebDriverWait(browser, SECONDS).until(condition)


def find(player, selector):
    return player.find_element(By.CSS_SELECTOR, selector)


def frame(player):
    return int(player.get_attribute("data-frame"))


def pictures(browser, player):
    return browser.execute_script(PICTURES, player)


def choose(browser, player, overlay):
    box = find(player, f".overlay input[value={overlay}]")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    box.click()


def test_the_slider_changes_the_picture(browser, player):
    before = pictures(browser, player)
    slider = find(player, ".slider")
    browser.execute_script(
        "arguments[0].value = 3; arguments[0].dispatchEvent(new Event('input'))", slider
    )
    assert frame(player) == 3
    after = pictures(browser, player)
    assert after[0] != before[0]
    assert "Frame 3 of 6" in find(player, ".where").text
    assert slider.get_attribute("aria-valuetext").startswith("Frame 3 of 6, action")


def test_arrow_keys_step_and_stop_at_both_ends(browser, player):
    slider = find(player, ".slider")
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert frame(player) == 2
    slider.send_keys(Keys.ARROW_LEFT)
    assert frame(player) == 1
    for _ in range(9):
        slider.send_keys(Keys.ARROW_RIGHT)
    assert frame(player) == 6
    assert "the episode has terminated" in find(player, ".where").text
    for _ in range(9):
        slider.send_keys(Keys.ARROW_LEFT)
    assert frame(player) == 0


def test_play_goes_to_the_end_and_begins_again(browser, player):
    play = find(player, ".play")
    play.click()
    assert play.text == "Pause"
    assert play.get_attribute("aria-pressed") == "true"
    until(browser, lambda _: frame(player) == 6)
    until(browser, lambda _: play.text == "Play")
    play.click()
    until(browser, lambda _: 0 < frame(player) < 6)
    play.click()
    assert play.text == "Play"


def test_overlays_switch(browser, player):
    find(player, ".slider").send_keys(Keys.ARROW_RIGHT * 3)
    seen, weights = {}, {}
    for overlay in ("exchange", "gradient", "off"):
        choose(browser, player, overlay)
        seen[overlay] = pictures(browser, player)
        weights[overlay] = browser.execute_script(STRIP, player)
    assert seen["exchange"][0] != seen["gradient"][0] != seen["off"][0]
    assert seen["exchange"][0] != seen["off"][0]
    assert seen["exchange"][1] == seen["off"][1]  # the other view stays as it is
    assert len(weights["off"]) == 4
    assert not any("%" in text for text in weights["off"])
    for overlay in ("exchange", "gradient"):
        assert all(text.endswith("%") for text in weights[overlay])
    told = {
        overlay: (choose(browser, player, overlay), find(player, ".told").text)[1]
        for overlay in seen
    }
    assert told["exchange"].startswith("By exchange")
    assert told["gradient"].startswith("By gradient")
    choose(browser, player, "exchange")
    assert pictures(browser, player) == seen["exchange"]


def test_scores_are_beside_the_frame(browser, player):
    rows = player.find_elements(By.CSS_SELECTOR, ".scores tbody tr")
    numbers = [float(find(row, ".number").text) for row in rows]
    assert sum(numbers) == pytest.approx(1, abs=0.01)  # probabilities
    taken = [number for number, row in enumerate(rows) if row.get_attribute("class")]
    assert taken == [max(range(5), key=numbers.__getitem__)]


def test_another_episode_can_be_chosen(browser, player):
    before = pictures(browser, player)
    find(player, "select").send_keys(Keys.ARROW_DOWN)
    until(browser, lambda _: pictures(browser, player) != before)
    assert frame(player) == 0


def test_nothing_is_loaded_and_nothing_complained_about(browser, page):
    browser.get_log("performance")
    browser.get_log("browser")
    for player in shown(browser, page):
        find(player, ".slider").send_keys(Keys.ARROW_RIGHT)
    assert browser.get_log("browser") == []
    events = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked
    assert all(url == page or url.startswith("data:image/png") for url in asked)


@pytest.mark.parametrize("theme", THEMES)
def test_the_theme_is_that_of_the_system_until_it_is_chosen(browser, page, theme):
    shown(browser, page, theme=theme)
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert (sum(channels(browser, ground)) < 200) == (theme == "dark")
    browser.find_element(By.ID, "theme").click()
    assert (sum(channels(browser, ground)) < 200) == (theme == "light")
    assert browser.get_log("browser") == []


def channels(browser, script):
    return [int(part) for part in browser.execute_script(script)[4:-1].split(",")]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_its_window(browser, page, width):
    shown(browser, page, width)
    across = browser.execute_script("return document.documentElement.scrollWidth")
    assert across <= WIDTHS[width]
    assert browser.find_element(By.TAG_NAME, "h1").text == "Report: policy, values"


def test_controls_can_be_reached_and_have_names(browser, page):
    shown(browser, page)
    reached = set()
    body = browser.find_element(By.TAG_NAME, "body")
    body.click()
    for _ in range(60):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.switch_to.active_element
        reached.add((active.tag_name, active.accessible_name))
    assert ("input", "Frame of policy") in reached
    assert ("button", "Play") in reached
    assert ("button", "Dark colors") in reached
    assert ("select", "Episode") in reached
    assert ("input", "by exchange") in reached
    assert all(name for tag, name in reached if tag in ("input", "select", "button"))
