"""A real browser without a window, where there is one."""

import contextlib
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
DRIVER = shutil.which("chromedriver")
WIDTHS = {"desktop": 1280, "phone": 390}  # pixels
SECONDS = 20  # until the browser gives up


@contextlib.contextmanager
def opened():
    """A browser that keeps what it says and what it asks for."""
    if not BROWSER or not DRIVER:
        pytest.skip("needs chromium and chromedriver: apt-get install chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    kept = {"browser": "ALL", "performance": "ALL"}
    options.set_capability("goog:loggingPrefs", kept)
    browser = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


def show(browser, width, url):
    """Opens a page in a window of some width, and waits for its pictures."""
    size = {
        "width": width,
        "height": 900,
        "deviceScaleFactor": 1,
        "mobile": width < 500,
    }
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(url)
    loaded = "return [...document.images].every(image => image.complete)"
    WebDriverWait(browser, SECONDS).until(lambda _: browser.execute_script(loaded))
