"""The work on a chat, in two browsers: who has it, its state, its labels, its bot, who is there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import _context, _watched_page
from tests.browser.line import Line
from tests.browser.test_inbox import open_chat

PASSWORD = "una-clave-bien-larga-9"
DESK = {"width": 1366, "height": 768}


@pytest.fixture(scope="package")
def luisa_state(browser: Browser, line: Line) -> Any:
    """The cookies of an agent of `ventas`, and a role of which she is not."""
    line.run(
        f"""
from tenants.models import Role, User
ventas = Role.objects.create(keyword="ventas", name="Ventas")
Role.objects.create(keyword="soporte", name="Soporte")
luisa = User.objects.create_user("luisa", password="{PASSWORD}", first_name="Luisa")
luisa.roles.add(ventas)
"""
    )
    context = _context(browser, line, viewport=DESK)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Usuario").fill("luisa")
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    expect(page.locator("[data-inbox]")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def luisa(browser: Browser, line: Line, luisa_state: Any) -> Iterator[Page]:
    yield from _watched_page(_context(browser, line, viewport=DESK, storage_state=luisa_state))


def menu(page: Page, name: str) -> Locator:
    """The menu of the head, open."""
    found = page.locator(f"[data-work-menu={name}]")
    found.locator("summary").click()
    return found


def notice(page: Page, text: str) -> Locator:
    return page.locator(".notice", has_text=text)


def test_a_chat_is_taken_in_two_clicks_and_given_to_a_colleague_and_a_role(
    desk: Page, luisa: Page, line: Line
) -> None:
    client = line.client("Ana Reparto")
    client.says("hola")
    open_chat(desk, client)
    menu(desk, "assign").get_by_role("button", name="Asignarme").click()
    expect(notice(desk, "tomó el chat")).to_be_visible()
    expect(desk.locator("[data-work-menu=assign] summary")).to_contain_text("Yo")

    assign = menu(desk, "assign")
    assign.get_by_label("Buscar persona o rol").fill("luis")
    expect(assign.get_by_role("button", name="Soporte")).to_be_hidden()
    desk.keyboard.press("Enter")
    expect(notice(desk, "asignó el chat a Luisa")).to_be_visible()
    open_chat(luisa, client)
    expect(notice(luisa, "asignó el chat a Luisa")).to_be_visible()

    menu(luisa, "assign").get_by_role("button", name="Soporte").click()
    told = "Chat pasado a Soporte: ya no lo verás en tu lista."
    expect(luisa.get_by_text(told)).to_be_visible()
    expect(luisa.get_by_role("heading", name="Elige un chat")).to_be_visible()
    expect(luisa.locator(".row", has_text="Ana Reparto")).to_have_count(0)
    expect(luisa).to_have_url(f"{line.url}/")
    expect(notice(desk, "pasó el chat a Soporte")).to_be_visible()


def test_a_state_is_changed_and_taken_back(desk: Page, line: Line) -> None:
    client = line.client("Ana Estado")
    client.says("hola")
    open_chat(desk, client)
    state = desk.locator("[data-work-menu=state] summary")
    menu(desk, "state").get_by_role("button", name="Resuelta").click()
    expect(state).to_contain_text("Resuelta")
    expect(notice(desk, "cambió el estado a «Resuelta»")).to_be_visible()
    desk.locator(".toast").get_by_role("button", name="Deshacer").click()
    expect(state).to_contain_text("Abierta")
    expect(notice(desk, "cambió el estado a «Abierta»")).to_be_visible()


def test_labels_are_made_found_put_and_taken_with_the_keyboard_alone(
    desk: Page, line: Line
) -> None:
    client = line.client("Ana Etiqueta")
    client.says("hola")
    open_chat(desk, client)
    desk.locator("[data-work-menu=labels] summary").focus()
    desk.keyboard.press("Enter")
    search = desk.get_by_label("Buscar o crear etiqueta")
    expect(search).to_be_focused()
    desk.keyboard.type("Cotización")
    desk.keyboard.press("Enter")
    made = desk.locator("[data-choices]").get_by_role("button", name="Cotización")
    expect(made).to_have_attribute("aria-pressed", "true")
    expect(search).to_be_focused()
    desk.keyboard.type("cotizacion")  # found without its accent
    desk.keyboard.press("Enter")
    expect(made).to_have_attribute("aria-pressed", "false")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-work-menu=labels] summary")).to_be_focused()
    expect(notice(desk, "puso la etiqueta «Cotización»")).to_be_visible()
    expect(notice(desk, "quitó la etiqueta «Cotización»")).to_be_visible()

    desk.keyboard.press("Enter")
    search.fill("Urgente")
    form = desk.locator("[data-new-label]")
    form.get_by_label("Rojo").check(force=True)
    form.get_by_role("button", name="Crear y poner").click()
    expect(desk.locator("[data-choices]").get_by_role("button", name="Urgente")).to_be_visible()
    desk.keyboard.press("Escape")
    chip = desk.locator(".work__labels .label--red")
    expect(chip).to_have_text("Urgente")
    expect(desk.locator(".row", has_text="Ana Etiqueta").locator(".label--red")).to_be_visible()


def test_a_chat_is_put_off_and_comes_back_when_the_contact_writes(desk: Page, line: Line) -> None:
    client = line.client("Ana Pospuesta")
    client.says("hola")
    open_chat(desk, client)
    row = desk.locator(".row", has_text="Ana Pospuesta")
    expect(row).to_be_visible()
    menu(desk, "snooze").get_by_role("button", name=re.compile("^Mañana")).click()
    expect(notice(desk, "pospuso el chat hasta")).to_be_visible()
    expect(row).to_have_count(0)
    client.says("sigo aquí")
    expect(row).to_be_visible()
    expect(desk.locator("[data-work-menu=snooze] summary")).not_to_have_class(re.compile("is-on"))

    sheet = menu(desk, "snooze")
    sheet.get_by_label("Otro día y hora").fill("2020-01-01T08:00")
    sheet.get_by_role("button", name="Posponer").click()
    expect(sheet.get_by_role("alert").filter(has_text="Elige una hora")).to_be_visible()


def test_the_bot_is_paused_by_hand_and_given_the_chat_back_at_a_step(
    desk: Page, line: Line
) -> None:
    client = line.client("Ana Bot")
    client.says("hola")
    open_chat(desk, client)
    bot = menu(desk, "bot")
    expect(bot.get_by_text("Encendido: responde el bot")).to_be_visible()
    bot.get_by_role("button", name="Pausar el bot").click()
    expect(notice(desk, "Bot en pausa: responde")).to_be_visible()
    expect(desk.locator("[data-head] .state--agent")).to_contain_text("Bot en pausa")
    bot = menu(desk, "bot")
    expect(bot.get_by_text("En pausa: responde un asesor")).to_be_visible()
    bot.get_by_role("button", name="Devolver al bot").click()
    expect(notice(desk, "devolvió el chat al bot")).to_be_visible()
    menu(desk, "finish").get_by_role("button", name="Finalizar chat").click()
    expect(notice(desk, "finalizó el chat")).to_be_visible()
    expect(desk.locator("[data-work-menu=state] summary")).to_contain_text("Resuelta")


def test_a_colleague_who_looks_or_types_is_shown_within_two_seconds(
    desk: Page, luisa: Page, line: Line
) -> None:
    client = line.client("Ana Compañía")
    client.says("hola")
    open_chat(desk, client)
    desk.wait_for_timeout(500)
    box = open_chat(luisa, client)
    soon = 2000
    expect(desk.get_by_text("Luisa está viendo")).to_be_visible(timeout=soon)
    luisa.get_by_label("Mensaje", exact=True).press_sequentially("ya")
    expect(desk.get_by_text("Luisa está escribiendo")).to_be_visible(timeout=soon)
    box.fill("")
    expect(desk.get_by_text("Luisa está viendo")).to_be_visible(timeout=soon)
    luisa.goto("/")
    expect(desk.locator(".presence__one")).to_have_count(0, timeout=soon)


def test_who_is_called_in_a_note_finds_it_in_the_mentions(
    desk: Page, luisa: Page, line: Line
) -> None:
    client = line.client("Ana Mención")
    client.says("hola")
    box = open_chat(desk, client)
    luisa.goto("/")
    desk.get_by_role("button", name="Nota interna").click()
    box.fill("@luisa mira esto")
    box.press("Escape")
    box.press("Enter")
    button = luisa.get_by_role("button", name="Menciones")
    expect(button.locator(".badge")).to_contain_text("1", timeout=10_000)
    button.click()
    luisa.get_by_role("dialog").get_by_role("link", name=re.compile("Ana Mención")).click()
    expect(luisa.get_by_text("mira esto").first).to_be_visible()
    expect(luisa.locator("wa-mentions .badge")).to_have_count(0, timeout=10_000)


def test_an_agent_says_they_are_away(luisa: Page, line: Line) -> None:
    luisa.goto("/")
    luisa.locator(".top summary").click()
    luisa.get_by_role("switch", name="Disponible para chats nuevos").click()
    away = luisa.get_by_role("switch", name="Ausente: no recibo chats nuevos")
    expect(away).to_be_visible()
    luisa.reload()
    luisa.locator(".top summary").click()
    away.click()
    expect(luisa.get_by_role("switch", name="Disponible para chats nuevos")).to_be_visible()
