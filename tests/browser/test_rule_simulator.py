"""Trying the demo's rules on the phone inside the admin."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, _watched_page
from tests.browser.test_rule_map import _owner

SIMULATOR = "/admin/chatbot/rule/simulador/"


@pytest.fixture
def page(browser: Browser, demo: str) -> Iterator[Page]:
    for page in _watched_page(_owner(browser, demo)):
        page.goto(SIMULATOR)
        yield page


def write(page: Page, text: str) -> None:
    page.get_by_label("Mensaje del cliente").fill(text)
    page.keyboard.press("Enter")


def answers(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("log").get_by_text(text).last).to_be_in_viewport()


def quote_a_bar(page: Page) -> None:
    write(page, "hola")
    answers(page, "¿En qué te ayudo?")
    page.get_by_text("Ver opciones").click()
    page.get_by_role("button", name="Barra de aluminio").click()
    answers(page, "Queda en «barra_medida»")
    write(page, "100")
    answers(page, "Valor estimado: 170,000 $ Pesos.")


def test_the_menu_leads_by_taps_to_a_quote_and_becomes_a_scenario(page: Page) -> None:
    quote_a_bar(page)
    page.get_by_role("button", name="Otra cotización").click()
    answers(page, "¿Qué quieres cotizar?")
    expect(page.get_by_role("link", name="cotizar · *")).to_be_visible()
    page.get_by_label("Nombre del escenario").fill("Cotiza una barra")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Guardado el escenario «Cotiza una barra».")).to_be_visible()
    page.get_by_role("link", name="Ver los escenarios").click()
    expect(page.get_by_text("Cotiza una barra").first).to_be_visible()


def test_an_old_menu_still_works(page: Page) -> None:
    quote_a_bar(page)
    page.get_by_text("Ver opciones").click()
    page.get_by_role("button", name="Marco a la medida").click()
    answers(page, "Queda en «marco_medida»")


def test_a_trial_tells_what_happens_to_the_chat(page: Page) -> None:
    write(page, "hola")
    answers(page, "¿En qué te ayudo?")
    write(page, "necesito un asesor")
    answers(page, "El chat pasa al rol «ventas».")
    answers(page, re.compile("Pasa a un asesor"))
    page.get_by_role("button", name="Quitar lo último").click()
    expect(page.get_by_text("El chat pasa al rol")).to_have_count(0)
    page.get_by_label("Enviar otra cosa").first.click()
    page.get_by_role("button", name="Imagen").click()
    answers(page, re.compile("Recibimos tu foto"))
    page.get_by_role("button", name="Empezar de nuevo").click()
    expect(page.get_by_text("Un cliente que nunca ha escrito")).to_be_visible()


def test_a_trial_starts_anywhere_and_on_what_answers(page: Page) -> None:
    page.get_by_label("Empezar en").select_option("cotizar_marco")
    answers(page, re.compile("ancho x alto"))
    write(page, "120 x 80")
    answers(page, re.compile("408,000"))
    page.get_by_role("button", name="Lo que contesta").click()
    expect(page.get_by_text("Lo que contesta hoy")).to_be_visible()
    answers(page, re.compile("408,000"))


def test_a_phone_is_enough_to_try(browser: Browser, demo: str) -> None:
    context = _owner(browser, demo, viewport=PHONE, has_touch=True, is_mobile=True)
    for page in _watched_page(context):
        page.goto(SIMULATOR)
        quote_a_bar(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_it_works_as_a_form(browser: Browser, demo: str) -> None:
    context = _owner(browser, demo)
    cookies = context.storage_state()
    context.close()
    plain = browser.new_context(
        base_url=demo, locale="es-CO", java_script_enabled=False, storage_state=cookies
    )
    page = plain.new_page()
    page.goto(SIMULATOR)
    write(page, "hola")
    expect(page.get_by_text("¿En qué te ayudo?")).to_be_visible()
    plain.close()
