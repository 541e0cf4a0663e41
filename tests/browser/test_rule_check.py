"""From what is wrong with the rules to the cell that mends it, and back to "Todo en orden"."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    CHROMIUM,
    DEFAULT_PASSWORD,
    DESK,
    OWN_PASSWORD,
    PHONE,
    _context,
    _watched_page,
)
from tests.browser.line import Line
from tests.meta import FakeMeta
from tests.servers import Server

CHECK = "/admin/chatbot/rule/revisar/"
RULES = """
from chatbot.models import Rule
from tenants import registry
from tenants.context import tenant_context
with tenant_context(registry.control_scope()):
    Rule.objects.create(step="menu_principal", trigger="*", reply="Hola")
    Rule.objects.create(
        step="menu_principal", trigger="precio", reply="Te cotizo", next_step="cotización"
    )
    Rule.objects.create(step="cotizacion", trigger="*", reply="Dime la medida")
"""


@pytest.fixture(scope="module")
def office() -> Iterator[Line]:
    """A company whose rules have one error and, by it, a step that nobody reaches."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    meta = FakeMeta()
    server = Server(meta, DEFAULT_TENANT="acme", DEFAULT_TENANT_NAME="Camisas Acme")
    try:
        server.start()
        server.run(RULES)
        yield Line(server.url, meta)
    finally:
        server.close()
        meta.close()


@pytest.fixture
def admin(browser: Browser, office: Line) -> Iterator[Page]:
    yield from _watched_page(_context(browser, office, viewport=DESK))


def log_in(page: Page) -> None:
    page.goto(CHECK)
    page.get_by_label("Usuario").fill("admin")
    page.get_by_label("Contraseña").fill(DEFAULT_PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.locator("[name=old_password]").fill(DEFAULT_PASSWORD)
    page.locator("[name=new_password1]").fill(OWN_PASSWORD)
    page.locator("[name=new_password2]").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Guardar").click()
    page.wait_for_load_state()
    page.goto(CHECK)


def test_a_finding_leads_to_its_cell_and_goes_once_it_is_mended(admin: Page) -> None:
    log_in(admin)
    error = admin.locator(".check__line--error")
    expect(error).to_contain_text("¿Quisiste decir «cotizacion»?")
    expect(admin.locator(".check__line--warning")).to_contain_text("Ningún cliente llega")
    admin.get_by_label("Paso").select_option("cotizacion")
    admin.get_by_role("button", name="Ver", exact=True).click()
    expect(error).to_have_count(0)
    admin.get_by_label("Paso").select_option("")
    admin.get_by_role("button", name="Ver", exact=True).click()
    error.get_by_role("link").click()
    cell = admin.locator("#id_next_step")
    expect(cell).to_be_in_viewport()
    cell.fill("cotizacion")
    admin.get_by_role("button", name="Guardar", exact=True).click()
    admin.goto(CHECK)
    expect(admin.get_by_text("Todo en orden.")).to_be_visible()


def test_it_fits_a_phone(admin: Page) -> None:
    admin.set_viewport_size(PHONE)
    admin.goto("/login")
    admin.get_by_label("Usuario").fill("admin")
    admin.get_by_label("Contraseña").fill(OWN_PASSWORD)
    admin.get_by_role("button", name="Entrar").click()
    admin.wait_for_load_state()
    admin.goto(CHECK)
    expect(admin.get_by_text("Todo en orden.")).to_be_visible()
    width = admin.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
