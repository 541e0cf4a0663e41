"""An owner edits, publishes, and goes back; a customer notices each time, and only then."""

import subprocess
from collections.abc import Iterator
from typing import Any

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
from tests.browser.line import Line
from tests.meta import FakeMeta

RULES = "/admin/chatbot/rule/"
PAGES = ("publicar/", "publicar/descartar/", "versiones/", "versiones/1/", "historial/")


@pytest.fixture(scope="module")
def own(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A server of its own: what answers here would surprise the other tests."""
    meta, folder, port = FakeMeta(), tmp_path_factory.mktemp("publishing"), _free_port()
    log, url = folder / "log.txt", f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        server = subprocess.Popen(
            _command(port), cwd=ROOT, env=_env(folder, meta, port), stdout=out, stderr=out
        )
        try:
            _wait_for(url, server, log)
            yield Line(url, meta)
        finally:
            server.terminate()
            server.wait(20)
            meta.close()


@pytest.fixture(scope="module")
def cookies(browser: Browser, own: Line) -> Any:
    context = browser.new_context(base_url=own.url, locale="es-CO")
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Usuario").fill("admin")
    page.get_by_label("Contraseña").fill(DEFAULT_PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.locator("[name=old_password]").fill(DEFAULT_PASSWORD)
    page.locator("[name=new_password1]").fill(OWN_PASSWORD)
    page.locator("[name=new_password2]").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Guardar").click()
    expect(page).to_have_url(f"{own.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def owner(browser: Browser, own: Line, cookies: Any) -> Iterator[Page]:
    yield from _watched_page(_context(browser, own, viewport=DESK, storage_state=cookies))


@pytest.fixture
def small(browser: Browser, own: Line, cookies: Any) -> Iterator[Page]:
    yield from _watched_page(_context(browser, own, viewport=PHONE, storage_state=cookies))


def save_rule(page: Page, address: str, **fields: str) -> None:
    page.goto(f"{RULES}{address}")
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def publish(page: Page) -> None:
    page.goto(RULES)
    page.get_by_role("link", name="Revisar y publicar").click()
    page.get_by_role("button", name="Publicar", exact=True).click()
    expect(page.get_by_text("ya contesta a tus clientes")).to_be_visible()


def answer(own: Line, name: str) -> list[str]:
    """What a new customer gets for a greeting."""
    client = own.client(name)
    client.says("hola")
    return own.received_by(client, 1)


def test_what_is_published_answers_and_a_version_comes_back(owner: Page, own: Line) -> None:
    save_rule(
        owner, "add/", step="menu_principal", trigger="*", reply="Bienvenida, dime qué buscas"
    )
    publish(owner)
    assert answer(own, "Ana") == ["Bienvenida, dime qué buscas"]
    owner.goto(RULES)
    owner.locator("#result_list a[href*='/change/']").first.click()
    save_rule(owner, owner.url.partition(RULES)[2], reply="¡Hoy todo con descuento!")
    assert answer(own, "Beto") == ["Bienvenida, dime qué buscas"]
    owner.goto(f"{RULES}publicar/")
    expect(owner.locator("del")).to_have_text("Bienvenida, dime qué buscas")
    expect(owner.locator("ins")).to_have_text("¡Hoy todo con descuento!")
    publish(owner)
    assert answer(own, "Caro") == ["¡Hoy todo con descuento!"]
    owner.get_by_role("link", name="Versiones", exact=True).click()
    owner.get_by_role("row", name="Publicada").last.get_by_role("link", name="volver").click()
    owner.get_by_role("button", name="Volver a esta versión").click()
    expect(owner.get_by_text("La versión 3 ya contesta")).to_be_visible()
    assert answer(own, "Dani") == ["Bienvenida, dime qué buscas"]


def test_a_scenario_that_fails_is_published_only_with_a_tick(owner: Page) -> None:
    owner.goto(f"{RULES}simulador/")
    owner.get_by_placeholder("Escribe como el cliente").fill("hola")
    owner.keyboard.press("Enter")
    expect(owner.get_by_text("Bienvenida, dime qué buscas")).to_be_visible()
    owner.get_by_placeholder("Por ejemplo").fill("Saluda")
    owner.get_by_role("button", name="Guardar").click()
    expect(owner.get_by_text("Guardado el escenario «Saluda»")).to_be_visible()
    owner.goto(RULES)
    owner.locator("#result_list a[href*='/change/']").first.click()
    save_rule(owner, owner.url.partition(RULES)[2], reply="Estamos de vacaciones")
    owner.goto(f"{RULES}publicar/")
    owner.get_by_role("button", name="Publicar", exact=True).click()
    expect(owner.get_by_text("Hay escenarios que fallan")).to_be_visible()
    owner.get_by_label("Publicar de todos modos").check()
    owner.get_by_role("button", name="Publicar", exact=True).click()
    expect(owner.get_by_text("ya contesta a tus clientes")).to_be_visible()


def test_an_edit_is_undone_from_the_history(owner: Page) -> None:
    save_rule(owner, "add/", step="menu_principal", trigger="9", reply="Nueve")
    owner.get_by_role("link", name="Historial", exact=True).click()
    owner.get_by_role("button", name="Deshacer").first.click()
    expect(owner.get_by_text("Deshecho en el borrador")).to_be_visible()
    expect(owner.locator(".edit").nth(1)).to_contain_text("Deshecho por admin")


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_cut_on_a_phone(small: Page, address: str) -> None:
    small.goto(f"{RULES}{address}")
    expect(small.locator("#content-main")).to_be_visible()
    assert small.evaluate("document.documentElement.scrollWidth <= innerWidth")
