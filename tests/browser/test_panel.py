"""From an empty installation to a second company that answers its first message."""

import subprocess
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    DEFAULT_PASSWORD,
    DESK,
    OWN_PASSWORD,
    PHONE,
    ROOT,
    _command,
    _context,
    _env,
    _free_port,
    _wait_for,
    _watched_page,
)
from tests.browser.line import Line, send
from tests.meta import FakeMeta
from whapco.simulator.webhooks import signed

NUMBER, TOKEN, SECRET = "222", "T2", "secreto-beta"  # as tests.meta knows them
GREETING = "Hola, te atiende Beta."
LONG_MS = 30_000


@pytest.fixture(scope="module")
def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """An installation that nobody has entered yet."""
    meta, folder, port = FakeMeta(), tmp_path_factory.mktemp("empty"), _free_port()
    env = _env(folder, meta, port) | {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
    env |= {"DEFAULT_TENANT": "", "PHONE_NUMBER_ID": "", "META_TOKEN": ""}
    log = folder / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(_command(port), cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            _wait_for(f"http://127.0.0.1:{port}", server, log)
            yield Line(f"http://127.0.0.1:{port}", meta)
        finally:
            server.terminate()
            server.wait(20)
            meta.close()


@pytest.fixture(scope="module")
def made(browser: Browser, empty: Line) -> Line:
    """The same, after its superadmin has entered for the first time and made company beta."""
    context = _context(browser, empty, viewport=DESK)
    page = context.new_page()
    first_entry(page)
    describe_beta(page)
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("Crear o actualizar las tablas")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Lista. Su administrador entra")).to_be_visible(timeout=LONG_MS)
    context.close()
    return empty


@pytest.fixture
def desk(browser: Browser, made: Line) -> Iterator[Page]:
    yield from _watched_page(_context(browser, made, viewport=DESK))


@pytest.fixture
def phone(browser: Browser, made: Line) -> Iterator[Page]:
    yield from _watched_page(_context(browser, made, viewport=PHONE))


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Usuario").fill("superadmin")
    page.get_by_label("Contraseña").fill(password)
    page.get_by_role("button", name="Entrar").click()


def first_entry(page: Page) -> None:
    """The first login of the seeded superadmin, with its forced change of password."""
    page.goto("/admin/tenants/")
    log_in(page, DEFAULT_PASSWORD)
    page.locator("[name=old_password]").fill(DEFAULT_PASSWORD)
    page.locator("[name=new_password1]").fill(OWN_PASSWORD)
    page.locator("[name=new_password2]").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_role("heading", name="Empresas")).to_be_visible()


def describe_beta(page: Page) -> None:
    page.get_by_role("link", name="Empresa nueva").click()
    page.get_by_label("Clave").fill("beta")
    page.get_by_label("Nombre").fill("Botas Beta")
    page.get_by_label("Token de Meta").fill(TOKEN)
    page.get_by_label("Secreto de la app").fill(SECRET)
    page.get_by_label("Token de verificación").fill("verifica")
    page.get_by_label("Metadatos").fill(f'{{"env": {{"FALLBACK_TEXT": "{GREETING}"}}}}')
    page.get_by_label("Id del número").first.fill(NUMBER)
    expect(page.get_by_label("Crear/actualizar esquema aislado")).to_be_checked()


def hear(line: Line, text: str) -> None:
    """A client writes to the company's number."""
    message = {"from": "573009990001", "id": f"wamid.{uuid4().hex}", "type": "text"}
    message |= {"timestamp": str(int(time.time())), "text": {"body": text}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Caro"}, "wa_id": "573009990001"}],
        "messages": [message],
    }
    entry = {"id": f"9{NUMBER}", "changes": [{"field": "messages", "value": value}]}
    send(line.url, *signed({"object": "whatsapp_business_account", "entry": [entry]}, SECRET))


def answers(line: Line) -> list[str]:
    deadline = time.monotonic() + 10
    while not line.meta.calls_of(NUMBER) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [body["text"]["body"] for body in line.meta.calls_of(NUMBER)]


def open_beta(page: Page) -> None:
    page.goto("/admin/tenants/")
    log_in(page, OWN_PASSWORD)
    page.get_by_role("link", name="beta", exact=True).click()


def test_a_second_company_answers_its_first_message(made: Line) -> None:
    hear(made, "hola")
    assert answers(made) == [GREETING]


def test_its_page_says_what_to_write_in_meta_and_no_secret(desk: Page, made: Line) -> None:
    open_beta(desk)
    expect(desk.get_by_text(f"{made.url}/webhook?tenant=beta")).to_be_visible()
    assert SECRET not in desk.content()
    assert SECRET[-4:] in desk.content()  # how its end is shown


def test_database_and_number_are_tested_from_its_page(desk: Page, made: Line) -> None:
    open_beta(desk)
    address = desk.url
    desk.get_by_role("button", name="Probar base de datos").click()
    expect(desk.get_by_text("El esquema está al día.")).to_be_visible()
    desk.get_by_role("button", name="Probar conexión").click()
    expect(desk.locator(".messagelist li").first).to_be_visible()
    expect(desk).to_have_url(address)


def test_it_is_suspended_and_resumed(desk: Page) -> None:
    open_beta(desk)
    for act, word in (("Suspender", "suspendida"), ("Reanudar", "activa")):
        desk.get_by_role("link", name=act).click()
        desk.get_by_role("button", name=act).click()
        expect(desk.locator(".badge")).to_have_text(word)


@pytest.mark.parametrize("address", ["", "add/", "1/change/", "1/suspender/", "creacion/1/"])
def test_nothing_is_cut_on_a_phone(phone: Page, address: str) -> None:
    phone.goto(f"/admin/tenants/tenant/{address}")
    log_in(phone, OWN_PASSWORD)
    expect(phone.locator("#content")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
