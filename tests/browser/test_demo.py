"""A newcomer's first minutes: the demo's phone and inbox, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import DESK

ANSWER_MS = 15_000


@pytest.fixture
def desk_and_phone(browser: Browser, demo: str) -> Iterator[tuple[Page, Page]]:
    """The inbox (at the login) and the phone, side by side in one browser."""
    context: BrowserContext = browser.new_context(base_url=demo, viewport=DESK, locale="es-CO")
    context.set_default_timeout(ANSWER_MS)
    phone, desk = context.new_page(), context.new_page()
    phone.goto("/simulador/")
    desk.goto("/login")
    yield desk, phone
    context.close()


def write(phone: Page, text: str) -> None:
    phone.bring_to_front()
    phone.get_by_label("Mensaje", exact=True).fill(text)
    phone.keyboard.press("Enter")


def says(phone: Page, text: str | re.Pattern[str]) -> None:
    expect(phone.locator("#thread").get_by_text(text).last).to_be_visible(timeout=ANSWER_MS)


def enter(desk: Page) -> None:
    desk.get_by_label("Usuario").fill("admin")
    desk.get_by_label("Contraseña").fill("Admin1234")
    desk.get_by_role("button", name="Entrar").click()
    expect(desk.get_by_role("link", name=re.compile("Luisa Fernanda")).first).to_be_visible()


def test_menu_quote_and_a_person(desk_and_phone: tuple[Page, Page]) -> None:
    desk, phone = desk_and_phone
    write(phone, "hola")
    says(phone, "¿En qué te ayudo?")
    phone.get_by_role("button", name="Ver opciones").last.click()
    phone.get_by_text("Barra de aluminio").last.click()
    phone.locator("#sheet-send").click()
    says(phone, re.compile("cent[ií]metros"))
    write(phone, "100")
    says(phone, re.compile(r"170,000"))

    enter(desk)  # the phone was open before: it must go on working
    write(phone, "asesor")
    says(phone, re.compile("persona"))
    desk.bring_to_front()
    desk.get_by_role("link", name=re.compile("Camila")).first.click()
    desk.get_by_label("Mensaje", exact=True).fill("Hola, soy *Ana*")
    desk.keyboard.press("Enter")
    phone.bring_to_front()
    says(phone, re.compile("Hola, soy"))
    write(phone, "gracias")
    desk.bring_to_front()
    expect(desk.get_by_role("log").get_by_text("gracias")).to_be_visible(timeout=ANSWER_MS)
