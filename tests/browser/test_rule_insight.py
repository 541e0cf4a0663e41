"""A customer is not understood; the owner finds out, teaches the bot, and sees why it answers."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.line import Client, Line
from tests.browser.test_inbox import bubble, open_chat
from tests.browser.test_publishing import (  # noqa: F401  (fixtures)
    RULES,
    cookies,
    own,
    owner,
    publish,
    save_rule,
    small,
)

# ruff: noqa: F811

HOURS = "Abrimos de 8 a 6"
PAGES = ("frases/", "frases/1/", "repaso/?n=50", "escenarios/?correr=1", "escenarios/1/")


@pytest.fixture(scope="module")
def taught() -> dict[str, Client]:
    """The customer whom the tests of this module follow."""
    return {}


def test_an_unknown_phrase_is_taught_and_understood(
    owner: Page, own: Line, taught: dict[str, Client]
) -> None:
    save_rule(owner, "add/", step="menu_principal", trigger="iniciar", reply="Hola, soy el bot")
    save_rule(owner, "add/", step="menu_principal", trigger="horario", reply=HOURS)
    publish(owner)
    ana = taught["ana"] = own.client("Ana Pregunta")
    ana.says("hola")
    own.received_by(ana, 1)
    ana.says("¿A qué hora abren?")
    owner.goto(RULES)
    owner.get_by_role("link", name="Frases", exact=True).click()
    expect(owner.get_by_role("rowheader", name="¿A qué hora abren?")).to_be_visible()
    owner.get_by_role("link", name="Agregar como sinónimo de…").click()
    owner.get_by_role("radio", name="horario").check()
    owner.get_by_label("Palabras que se le agregan").fill("hora")
    owner.get_by_role("button", name="Ver qué entendería").click()
    owner.get_by_role("radio", name="Contiene: 1 mensaje").check()
    owner.get_by_role("button", name="Agregar al borrador").click()
    expect(owner.get_by_text("En el borrador: Sinónimo «hora»")).to_be_visible()
    publish(owner)
    ana.says("¿a qué hora abren hoy?")
    assert own.received_by(ana, 2) == ["Hola, soy el bot", HOURS]


def test_the_agent_asks_why_and_hears_it(
    owner: Page, small: Page, taught: dict[str, Client]
) -> None:
    for page in (owner, small):
        open_chat(page, taught["ana"])
        bubble(page, HOURS).get_by_role("link", name="¿Por qué contestó esto?").click()
        dialog = page.get_by_role("dialog", name="¿Por qué contestó esto?")
        expect(dialog).to_contain_text("El mensaje contiene las palabras de la regla.")
        expect(dialog.locator(".is-won")).to_contain_text("horario, hora")
        expect(dialog).to_contain_text("«a que hora abren hoy» no es igual a su texto.")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


def test_what_a_draft_would_change_becomes_a_scenario(owner: Page) -> None:
    owner.goto(f"{RULES}?q=horario")
    owner.locator("#result_list a[href*='/change/']").first.click()
    save_rule(owner, owner.url.partition(RULES)[2], reply="Abrimos de 9 a 5")
    owner.get_by_role("link", name="Repaso", exact=True).click()
    owner.get_by_role("button", name="Repasar").click()
    change = owner.locator(".insight-turn", has_text="abren hoy")
    expect(change).to_contain_text(HOURS)
    expect(change).to_contain_text("Abrimos de 9 a 5")
    change.get_by_text("Guardar como escenario").click()
    change.get_by_label("Nombre del escenario").fill("Pregunta el horario")
    change.get_by_role("button", name="Guardar").click()
    owner.get_by_role("link", name="Pregunta el horario").click()
    expect(owner.get_by_text("Falla en el mensaje")).to_be_visible()
    owner.get_by_role("link", name="Lo que contesta").click()
    expect(owner.get_by_text("Pasa", exact=True)).to_be_visible()


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_cut_on_a_phone(small: Page, address: str) -> None:
    small.goto(f"{RULES}{address}")
    expect(small.locator("#content-main")).to_be_visible()
    assert small.evaluate("document.documentElement.scrollWidth <= innerWidth")
