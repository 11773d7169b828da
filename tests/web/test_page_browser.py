"""The page in a real browser against a real server on real weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from chromium import chromium, set_screen

from service.api import create_app
from service.settings import Settings, settings_from
from service.wiring import build, prepare_models

pytestmark = pytest.mark.browser

WIDTHS = {"desktop": 1280, "phone": 390}
SECONDS = 60
# The marks that show sentence number `arguments[1]` in the element `arguments[0]`, put together.
MARKED = """
return [...document.querySelectorAll(`#${arguments[0]} mark`)]
  .filter((mark) => mark.dataset.sentences.split(" ").includes(String(arguments[1])))
  .map((mark) => mark.textContent).join("");
"""
REQUESTED_HOSTS = "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)"

Serve = Callable[..., str]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start servers on free ports with the given settings; returns their addresses."""
    home = tmp_path_factory.getbasetemp() / "prepared-home"
    prepare_models(Settings(home=home), force=False, report=lambda _: None)
    started: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(**values: object) -> str:
        settings = settings_from({"home": home} | values)
        server = uvicorn.Server(uvicorn.Config(create_app(build(settings)), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, thread in started:
        server.should_exit = True
        thread.join(SECONDS)


@pytest.fixture(scope="module")
def address(serve: Serve) -> str:
    """A server with the default settings."""
    return serve()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A headless Chromium with a profile of its own."""
    with chromium(tmp_path / "profile") as browser:
        browser.implicitly_wait(0)
        yield browser


def show(browser: Any, address: str, *, width: int = 1280, dark: bool = False) -> None:
    set_screen(browser, width)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    calm = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, calm]})
    browser.get(address)
    wait_for(browser, "return document.querySelectorAll('#target option').length > 0")


def wait_for(browser: Any, script: str) -> Any:
    wait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
    return wait(browser, SECONDS).until(lambda _: browser.execute_script(script))


def find(browser: Any, element_id: str) -> Any:
    return browser.find_element("id", element_id)


def run_example(browser: Any) -> None:
    find(browser, "example").click()
    wait_for(browser, "return !document.getElementById('result').hidden || !document.getElementById('error').hidden")
    assert find(browser, "error").text == ""


def fill(browser: Any, text: str) -> None:
    # Typing into a textarea is limited to the Basic Multilingual Plane by chromedriver.
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    browser.execute_script(script, find(browser, "text"), text)


def screenshot(browser: Any, path: Path) -> None:
    size = browser.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 700}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.save_screenshot(str(path))
    assert path.stat().st_size > 10_000


def complaints(browser: Any) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


@pytest.mark.parametrize("name", WIDTHS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_example(browser: Any, address: str, tmp_path: Path, name: str, dark: bool) -> None:
    show(browser, address, width=WIDTHS[name], dark=dark)
    run_example(browser)
    sentences = [link.text for link in browser.find_elements("css selector", "#summary a")]
    assert 2 <= len(sentences) <= 3
    for index, sentence in enumerate(sentences):
        assert browser.execute_script(MARKED, "translation", index) == sentence
        assert browser.execute_script(MARKED, "original", index).strip()
    assert "Portuguese" in find(browser, "detected").text
    assert "library" in find(browser, "headline").text.lower()
    assert find(browser, "original").text == find(browser, "text").get_attribute("value")
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    lefts = browser.execute_script(
        "return ['translation', 'original'].map((id) => document.getElementById(id).getBoundingClientRect().left)"
    )
    assert (lefts[0] == lefts[1]) is (name == "phone")
    assert set(browser.execute_script(REQUESTED_HOSTS)) == {address.removeprefix("http://")}
    assert complaints(browser) == []
    screenshot(browser, tmp_path / f"example-{name}-{'dark' if dark else 'light'}.png")


def test_offsets_are_code_points(browser: Any, address: str) -> None:
    show(browser, address)
    fill(
        browser,
        "🚢🌊 O barco voltou a navegar na segunda-feira, depois de dois anos parado no porto. 📚 A obra custou 85 mil "
        "euros e foi paga pela câmara municipal. 🏘️ O barco vai visitar dezoito aldeias sem estrada nem escola.",
    )
    find(browser, "go").click()
    wait_for(browser, "return !document.getElementById('result').hidden")
    links = browser.find_elements("css selector", "#summary a")
    assert links
    for index, link in enumerate(links):
        text = browser.execute_script("return arguments[0].textContent", link)
        assert browser.execute_script(MARKED, "translation", index) == text
        assert browser.execute_script(MARKED, "original", index).rstrip().endswith(".")


def test_hover_and_focus_light_up_both_texts(browser: Any, address: str) -> None:
    chains = pytest.importorskip("selenium.webdriver.common.action_chains").ActionChains
    show(browser, address)
    run_example(browser)
    first, second, *_ = browser.find_elements("css selector", "#summary a")
    lit = "return [...document.querySelectorAll('.active')].map((each) => each.closest('[id]:not(mark):not(a)').id)"
    chains(browser).move_to_element(second).perform()
    assert browser.execute_script("return arguments[0].classList.contains('active')", second)
    assert set(browser.execute_script(lit)) == {"summary", "translation", "original"}
    browser.execute_script("arguments[0].focus()", first)
    assert browser.execute_script("return arguments[0].classList.contains('active')", first)
    assert not browser.execute_script("return arguments[0].classList.contains('active')", second)


def test_control_enter_sends(browser: Any, address: str) -> None:
    keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
    show(browser, address)
    find(browser, "text").send_keys(
        "A ponte nova foi aberta ontem. A obra custou dois milhões.", keys.CONTROL, keys.ENTER
    )
    wait_for(browser, "return !document.getElementById('result').hidden")
    assert "bridge" in find(browser, "translation").text.lower()


@pytest.mark.parametrize(("text", "part"), [("", "text: "), ("ᚠᚢᚦᚨᚱᚲ ᚺᚨᛁᛏᛖ", "text: ")])
def test_errors_are_the_server_s_sentences(browser: Any, address: str, text: str, part: str) -> None:
    show(browser, address)
    fill(browser, text)
    find(browser, "go").click()
    wait_for(browser, "return !document.getElementById('error').hidden")
    assert part in find(browser, "error").text
    assert find(browser, "text").get_attribute("aria-invalid") == "true"
    assert find(browser, "result").get_attribute("hidden") is not None


def test_markup_in_a_text_stays_text(browser: Any, address: str) -> None:
    show(browser, address)
    fill(browser, "<img src=x onerror=alert(1)> A ponte <b>nova</b> foi aberta ontem pela prefeitura da cidade.")
    find(browser, "go").click()
    wait_for(browser, "return !document.getElementById('result').hidden")
    assert browser.execute_script("return document.querySelectorAll('#result img, #result b').length") == 0
    assert "<b>nova</b>" in find(browser, "original").text


def test_a_text_in_the_target_language(browser: Any, address: str) -> None:
    show(browser, address)
    fill(browser, "The new bridge was opened yesterday. It cost two million euros and took three years to build.")
    find(browser, "go").click()
    wait_for(browser, "return !document.getElementById('result').hidden")
    assert find(browser, "translation").text == find(browser, "original").text


def test_copying_a_part(browser: Any, address: str) -> None:
    browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    show(browser, address)
    run_example(browser)
    browser.find_element("css selector", "[data-copy=summary]").click()
    wait_for(browser, "return document.querySelector('[data-copy=summary]').textContent === 'Copied'")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == " ".join(link.text for link in browser.find_elements("css selector", "#summary a"))


def test_a_server_that_needs_a_key_asks_for_it(browser: Any, serve: Serve) -> None:
    show(browser, serve(api_key="segredo"))
    find(browser, "example").click()
    wait_for(browser, "return !document.getElementById('error').hidden")
    assert "api_key" in find(browser, "error").text
    find(browser, "key").send_keys("segredo")
    find(browser, "go").click()
    wait_for(browser, "return !document.getElementById('result').hidden")


def test_the_documentation_works_offline(browser: Any, address: str) -> None:
    browser.get(f"{address}/docs")
    wait_for(browser, "return document.querySelectorAll('.opblock').length >= 10")
    assert set(browser.execute_script(REQUESTED_HOSTS)) == {address.removeprefix("http://")}
    assert complaints(browser) == []
    assert browser.title == "Manchete: API"
