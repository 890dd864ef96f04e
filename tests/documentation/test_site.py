"""The site is built without a warning, has no dead link, and works in a browser."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browsing import SECONDS, WIDTHS, opened, show
from tests.documentation.blocks import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Links(HTMLParser):
    """What a page points to, and what can be pointed to in it."""

    def __init__(self, page):
        super().__init__()
        self.targets, self.ids = [], set()
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.targets += [found[name] for name in ("href", "src") if found.get(name)]
        self.ids.add(found.get("id"))


def test_no_link_is_dead(site):
    pages = {
        page: Links(page) for page in site.rglob("*.html") if page.name != "404.html"
    }
    assert len(pages) > 25
    dead, num_links = [], 0
    for page, links in pages.items():
        for target in links.targets:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            num_links += 1
            place = (page.parent / unquote(url.path)).resolve() if url.path else page
            place = place / "index.html" if place.is_dir() else place
            anchor = unquote(url.fragment)
            is_there = place.is_file() and (
                not anchor or place not in pages or anchor in pages[place].ids
            )
            dead += [] if is_there else [(str(page.relative_to(site)), target)]
    assert not dead
    assert num_links > 1000


def test_nothing_is_fetched_from_elsewhere(site):
    """Pages open without the network, as on a cluster."""
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert 'src="http' not in text
        assert '<link rel="stylesheet" href="http' not in text


@pytest.fixture(scope="module")
def address(site):
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    pages = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with opened() as browser:
        yield browser


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize(
    ("page", "title", "text"),
    [
        ("", "Arcade Gym", "Five ways in"),
        ("games/MineSweeper/", "MineSweeper", "mines in the 3 x 3 cells"),
        ("api/arcade_gym/", "arcade_gym", "ArcadeVectorEnv"),
    ],
)
def test_a_page_is_shown(browser, address, page, title, text, width):
    show(browser, width, address + page)
    assert browser.find_element(By.TAG_NAME, "h1").text.startswith(title)
    assert text in browser.find_element(By.TAG_NAME, "article").text
    sizes = "return [...document.images].map(image => image.naturalWidth)"
    assert all(browser.execute_script(sizes))
    across = "return document.documentElement.scrollWidth"
    assert browser.execute_script(across) <= width  # tables scroll by themselves
    assert browser.get_log("browser") == []


def test_the_search_finds_an_option(browser, address):
    show(browser, WIDTHS["desktop"], address)
    field = browser.find_element(By.CSS_SELECTOR, "input.md-search__input")
    field.click()
    field.send_keys("reset_mask")

    def found(_):
        hits = browser.find_elements(By.CSS_SELECTOR, "a.md-search-result__link")
        return [hit.get_attribute("href") for hit in hits]

    hits = WebDriverWait(browser, SECONDS).until(found)
    assert any("/vector_environment/" in hit for hit in hits)
