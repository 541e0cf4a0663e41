"""An admin takes on an agent; the agent chooses a password and sees the chats of his role."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, JSHandle, Locator, Page, expect

from tests.browser.conftest import (
    CHROMIUM,
    DEFAULT_PASSWORD,
    DESK,
    OWN_PASSWORD,
    _context,
    _watched_page,
)
from tests.browser.line import Line
from tests.meta import FakeMeta
from tests.servers import Server

TEMPORARY, CHOSEN = "barco-verde-58", "mesa-redonda-41"
RULE = """
from chatbot.models import Rule
from chatbot.publishing import publish
from tenants import registry
from tenants.context import tenant_context
with tenant_context(registry.control_scope()):
    Rule.objects.create(step="menu_principal", trigger="iniciar", reply="Hola")
    Rule.objects.create(
        step="menu_principal", trigger="averia", reply="Te paso", role_keyword="soporte"
    )
    publish()
"""


@pytest.fixture(scope="module")
def office() -> Iterator[Line]:
    """A company with a rule that gives chats to support, on a server of its own."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    meta = FakeMeta()
    server = Server(meta, DEFAULT_TENANT="acme", DEFAULT_TENANT_NAME="Camisas Acme")
    try:
        server.start()
        server.run(RULE)
        yield Line(server.url, meta)
    finally:
        server.close()
        meta.close()


@pytest.fixture
def admin(browser: Browser, office: Line) -> Iterator[Page]:
    yield from _watched_page(_context(browser, office, viewport=DESK))


@pytest.fixture
def agent(browser: Browser, office: Line) -> Iterator[Page]:
    yield from _watched_page(_context(browser, office, viewport=DESK))


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Usuario").fill(username)
    page.get_by_label("Contraseña").fill(password)
    page.get_by_role("button", name="Entrar").click()


def choose_password(page: Page, old: str, new: str) -> None:
    expect(page.get_by_role("heading", name="Cambia tu contraseña")).to_be_visible()
    for name, value in (("old_password", old), ("new_password1", new), ("new_password2", new)):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Guardar").click()


def add_role(page: Page, name: str, keyword: str) -> None:
    page.goto("/admin/tenants/role/add/")
    page.get_by_label("Nombre").fill(name)
    page.get_by_label("Palabra clave").fill(keyword)
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.locator("#result_list").get_by_text(name, exact=True)).to_be_visible()


def row(page: Page, name: str) -> Locator:
    return page.locator(".row", has_text=name)


def hints_of(page: Page) -> JSHandle:
    """The chats that the page is told of from now on."""
    return page.evaluate_handle(
        """() => {
            const chats = [];
            document.addEventListener("wa:hint", (event) => chats.push(event.detail.chat));
            return chats;
        }"""
    )


def test_an_admin_takes_on_an_agent_who_sees_his_chats_only(
    admin: Page, agent: Page, office: Line
) -> None:
    admin.goto("/admin/")
    log_in(admin, "admin", DEFAULT_PASSWORD)
    choose_password(admin, DEFAULT_PASSWORD, OWN_PASSWORD)
    add_role(admin, "Ventas", "ventas")
    add_role(admin, "Soporte", "soporte")
    admin.goto("/admin/tenants/user/add/")
    assert "superadmin" not in admin.content().lower()
    admin.get_by_label("Usuario", exact=False).first.fill("luis")
    admin.get_by_label("Ventas").check()
    admin.locator("[name=password1]").fill("luis")
    admin.locator("[name=password2]").fill("luis")
    admin.get_by_role("button", name="Guardar", exact=True).click()
    expect(admin.get_by_text("demasiado corta")).to_be_visible()
    expect(admin.get_by_label("Ventas")).to_be_checked()
    admin.locator("[name=password1]").fill(TEMPORARY)
    admin.locator("[name=password2]").fill(TEMPORARY)
    admin.get_by_role("button", name="Guardar", exact=True).click()
    expect(admin.locator("#result_list").get_by_text("luis", exact=True)).to_be_visible()

    beatriz = office.client("Beatriz")
    beatriz.says("hola", "averia")
    office.client("Carlos").says("hola")
    agent.goto("/")
    log_in(agent, "luis", TEMPORARY)
    with agent.expect_response("**/eventos"):  # it listens: hints come by themselves
        choose_password(agent, TEMPORARY, CHOSEN)
    expect(row(agent, "Carlos")).to_be_visible()
    expect(row(agent, "Beatriz")).to_have_count(0)
    heard = hints_of(agent)
    beatriz.says("¿hay alguien?")
    office.client("Carmen").says("hola")
    expect(row(agent, "Carmen")).to_be_visible()
    expect(row(agent, "Beatriz")).to_have_count(0)
    agent.wait_for_function("(chats) => chats.filter(Boolean).length", arg=heard)
    assert heard.evaluate("(chats) => new Set(chats.filter(Boolean)).size") == 1
    agent.goto("/admin/tenants/user/")
    expect(agent.get_by_text("Pide a un administrador de tu empresa")).to_be_visible()
