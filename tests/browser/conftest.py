"""A real server (uvicorn, SQLite, live events), a fake Meta, and Debian's Chromium.

Needs chromium at /usr/bin/chromium (`apt-get install chromium`); without it these tests are
skipped. The fixtures live as long as this package: Playwright keeps an event loop running in the
thread, in which Django would refuse the database to the tests that follow.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.line import NUMBER, SECRET, TOKEN, Line
from tests.meta import FakeMeta

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
DEFAULT_PASSWORD, OWN_PASSWORD = "Admin1234", "una-clave-bien-larga-7"
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The product, running, with an empty database of its own."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    meta = FakeMeta()
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    env = _env(folder, meta, port)
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            _command(port),
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(url, server, folder / "log.txt")
            yield Line(url, meta, env)
        finally:
            server.terminate()
            server.wait(20)
            meta.close()


@pytest.fixture(scope="package")
def browser(line: Line) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--use-fake-device-for-media-stream",  # a microphone that beeps
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def session_state(browser: Browser, line: Line) -> Any:
    """The cookies of the admin, after the first login and its forced change of password."""
    context = browser.new_context(base_url=line.url, locale="es-CO")
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Usuario").fill("admin")
    page.get_by_label("Contraseña").fill(DEFAULT_PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("heading", name="Cambia tu contraseña")).to_be_visible()
    page.locator("[name=old_password]").fill(DEFAULT_PASSWORD)
    page.locator("[name=new_password1]").fill(OWN_PASSWORD)
    page.locator("[name=new_password2]").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Guardar").click()
    expect(page).to_have_url(f"{line.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def desk(browser: Browser, line: Line, session_state: Any) -> Iterator[Page]:
    """The inbox on a desktop, logged in. Errors in the console fail the test."""
    context = _context(browser, line, viewport=DESK, storage_state=session_state)
    yield from _watched_page(context)


@pytest.fixture
def phone(browser: Browser, line: Line, session_state: Any) -> Iterator[Page]:
    """The inbox on a phone, logged in."""
    context = _context(
        browser, line, viewport=PHONE, storage_state=session_state, has_touch=True, is_mobile=True
    )
    yield from _watched_page(context)


@pytest.fixture
def stranger(browser: Browser, line: Line) -> Iterator[Page]:
    """A browser that nobody has logged in with."""
    yield from _watched_page(_context(browser, line, viewport=DESK))


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo as `make run` starts it, on a database of its own."""
    folder, port = tmp_path_factory.mktemp("demo"), _free_port()
    own = {"DEMO": "1", "PORT": str(port), "DB_NAME": str(folder / "demo.sqlite3")}
    own |= {"SECRET_KEY": "solo-para-pruebas", "WHAPCO_ENV_FILE": os.devnull}
    env = {name: value for name, value in os.environ.items() if not name.startswith("DB_")} | own
    env["DJANGO_SETTINGS_MODULE"] = "whapco.settings"
    log = folder / "log.txt"
    with log.open("wb") as out:
        options: dict[str, Any] = {"cwd": ROOT, "env": env, "stdout": out, "stderr": out}
        subprocess.run([sys.executable, "manage.py", "demo"], check=True, **options)
        server = subprocess.Popen(_command(port), **options)
        try:
            _wait_for(f"http://127.0.0.1:{port}", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _context(browser: Browser, line: Line, **options: Any) -> BrowserContext:
    context = browser.new_context(
        base_url=line.url, locale="es-CO", timezone_id="America/Bogota", **options
    )
    context.set_default_timeout(8000)
    return context


def _watched_page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if _is_error(said) else None)
    yield page
    context.close()
    assert errors == []


def _is_error(said: Any) -> bool:
    """A refused form (422) and a network that a test cut are told to the person, not hidden."""
    is_network = "Failed to load resource" in said.text
    return said.type == "error" and not is_network


def _command(port: int) -> list[str]:
    options = ["--port", str(port), "--timeout-graceful-shutdown", "2", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", "whapco.asgi:application", *options]


def _env(folder: Path, meta: FakeMeta, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return kept | {
        "WHAPCO_ENV_FILE": os.devnull,
        "SECRET_KEY": "only-for-browser-tests",
        "DB_NAME": str(folder / "whapco.sqlite3"),
        "DEFAULT_TENANT": "acme",
        "DEFAULT_TENANT_NAME": "Camisas Acme",
        "PORT": str(port),
        "PHONE_NUMBER_ID": NUMBER,
        "META_TOKEN": TOKEN,
        "META_APP_SECRET": SECRET,
        "VERIFY_TOKEN": "verificar",
        "GRAPH_API_URL": meta.url,
        "SEND_RATE_PER_NUMBER": "0",
        "SEND_PAIR_BURST": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            if requests.get(f"{url}/login", timeout=5).status_code == 200:
                return
        if server.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"The server did not start:\n{log.read_text()[-3000:]}")
