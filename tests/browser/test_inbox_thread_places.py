"""Where a thread opens, and how one gets to any other place of it."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.line import Client, Line
from tests.browser.test_inbox import bubble, is_at_end, open_chat, open_read_chat

DAY = 86400


def read(page: Page, client: Client) -> None:
    """Open the client's chat once and leave it read."""
    open_chat(page, client)
    expect(page.locator(".row", has_text=client.name).locator(".badge")).to_have_count(0)


def log(page: Page) -> Any:
    return page.locator("[data-log]")


def texts(page: Page) -> list[str]:
    return page.locator(".bubble__text").all_inner_texts()


def test_a_chat_opens_at_its_first_unread_message_below_a_line_that_counts(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Pendiente")
    ana.says(*[f"leído {number}" for number in range(30)])
    read(desk, ana)
    desk.goto("/")
    ana.says(*[f"nuevo {number}" for number in range(25)])
    desk.get_by_role("link", name=ana.name).click()
    expect(desk.locator("#unread")).to_have_text("25 mensajes nuevos")
    expect(desk.locator("#unread")).to_be_in_viewport()
    expect(bubble(desk, "nuevo 0")).to_be_in_viewport()
    expect(bubble(desk, "nuevo 24")).not_to_be_in_viewport()
    following = "e => e.nextElementSibling.querySelector('.bubble__text').textContent"
    assert desk.locator("#unread").evaluate(following) == "nuevo 0"


def test_one_unread_message_is_counted_in_singular_and_a_read_chat_opens_at_its_end(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Singular")
    ana.says(*[f"texto {number}" for number in range(30)])
    open_read_chat(desk, ana)
    expect(bubble(desk, "texto 29")).to_be_in_viewport()
    assert is_at_end(desk)
    expect(desk.locator("#unread")).to_have_count(0)
    desk.goto("/")
    ana.says("uno solo")
    desk.get_by_role("link", name=ana.name).click()
    expect(desk.locator("#unread")).to_have_text("1 mensaje nuevo")


def test_more_unread_messages_than_a_page_are_read_downwards_without_a_gap(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Montones")
    ana.says(*[f"antes {number}" for number in range(30)])
    read(desk, ana)
    desk.goto("/")
    ana.says(*[f"después {number}" for number in range(130)])
    desk.get_by_role("link", name=ana.name).click()
    expect(desk.locator("#unread")).to_have_text("130 mensajes nuevos")
    expect(bubble(desk, "después 0")).to_be_in_viewport()
    expect(bubble(desk, "después 129")).to_have_count(0)
    ana.says("y una más mientras lees")
    jump = desk.get_by_role("button", name="ir al final")
    expect(jump).to_contain_text("1")
    expect(bubble(desk, "y una más mientras lees")).to_have_count(0)
    for _page in range(4):
        log(desk).evaluate("e => { e.scrollTop = e.scrollHeight; }")
        desk.wait_for_timeout(400)
    expect(desk.locator("#newer")).to_have_count(0)
    log(desk).evaluate("e => { e.scrollTop = 0; }")
    expect(desk.locator("#older")).to_have_count(0)
    expected = [f"antes {number}" for number in range(30)]
    expected += [f"después {number}" for number in range(130)]
    assert texts(desk) == [*expected, "y una más mientras lees"]


def test_from_the_middle_the_arrow_leads_to_the_last_message(desk: Page, line: Line) -> None:
    ana = line.client("Ana Flecha")
    ana.says(*[f"paso {number}" for number in range(120)])
    open_chat(desk, ana)
    expect(bubble(desk, "paso 0")).to_be_in_viewport()
    desk.get_by_role("button", name="ir al final").click()
    expect(bubble(desk, "paso 119")).to_be_in_viewport()
    expect(desk.get_by_role("button", name="ir al final")).to_be_hidden()
    ana.says("y otro")
    expect(bubble(desk, "y otro")).to_be_in_viewport()


def test_an_address_with_a_message_opens_at_it_marked(desk: Page, line: Line) -> None:
    ana = line.client("Ana Buscada")
    ana.says(*[f"frase {number}" for number in range(200)])
    open_read_chat(desk, ana)
    desk.get_by_text("Cargando mensajes anteriores").scroll_into_view_if_needed()
    expect(bubble(desk, "frase 100")).to_have_count(1)
    wanted = bubble(desk, "frase 100").get_attribute("data-id")
    desk.goto(f"{desk.url}?mensaje={wanted}")
    expect(bubble(desk, "frase 100")).to_be_in_viewport()
    expect(bubble(desk, "frase 100")).to_have_class(re.compile("is-found"))
    expect(bubble(desk, "frase 199")).to_have_count(0)
    desk.goto(f"{desk.url.split('?')[0]}?mensaje=999999999")
    expect(desk.get_by_text("Ese mensaje ya no está en este chat.")).to_be_visible()
    expect(bubble(desk, "frase 199")).to_be_in_viewport()


def test_what_was_searched_for_is_marked_in_the_messages_accents_ignored(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Marcada")
    ana.says("quiero la cotización", "*COTIZACION* urgente", "otra cosa")
    open_chat(desk, ana)
    desk.goto(f"{desk.url}?q=cotizacion")
    expect(bubble(desk, "otra cosa")).to_be_visible()
    found = "[...CSS.highlights.get('found')].map((range) => range.toString())"
    assert desk.evaluate(found) == ["cotización", "COTIZACION"]


def test_a_quote_leads_to_an_original_that_was_not_loaded(desk: Page, line: Line) -> None:
    ana = line.client("Ana Lejos")
    asked = ana.says("la pregunta del principio")
    ana.says(*[f"relleno {number}" for number in range(150)])
    ana.says("por fin", context={"from": ana.wa_id, "id": asked})
    open_read_chat(desk, ana)
    found = desk.locator(".bubble", has=desk.locator(".bubble__text", has_text="la pregunta del"))
    expect(found).to_have_count(0)
    desk.locator("a.quote").click()
    expect(found).to_be_in_viewport()
    expect(found).to_have_class(re.compile("is-found"))
    expect(found).not_to_have_class(re.compile("is-found"))


def test_a_quote_without_its_original_says_so(desk: Page, line: Line) -> None:
    ana = line.client("Ana Huérfana")
    ana.says("respondo a algo", context={"from": ana.wa_id, "id": "wamid.perdido"})
    open_chat(desk, ana)
    quote = desk.locator(".quote__text", has_text="El mensaje original no está disponible")
    expect(quote).to_be_visible()
    quote.click()
    expect(bubble(desk, "respondo a algo")).to_be_visible()


def test_days_are_separated_and_named(desk: Page, line: Line) -> None:
    ana = line.client("Ana Días")
    ana.says("hace mucho", seconds_ago=40 * DAY)
    ana.says("de ayer", seconds_ago=DAY)
    ana.says("de hoy")
    open_chat(desk, ana)
    days = desk.locator(".day")
    expect(days).to_have_count(3)
    expect(days.nth(0)).to_have_text(re.compile(r"^\d{1,2} de [a-z]+( de \d{4})?$"))
    assert days.all_inner_texts()[1:] == ["Ayer", "Hoy"]


def test_a_late_message_lands_in_its_place_and_is_flagged(desk: Page, line: Line) -> None:
    ana = line.client("Ana Tarde")
    ana.says("primero", seconds_ago=900)
    ana.says("tercero")
    open_chat(desk, ana)
    ana.says("segundo", seconds_ago=600)
    expect(bubble(desk, "segundo")).to_contain_text("llegó tarde")
    assert texts(desk) == ["primero", "segundo", "tercero"]
    expect(bubble(desk, "tercero")).not_to_contain_text("llegó tarde")
    title = bubble(desk, "segundo").locator(".bubble__late").get_attribute("title") or ""
    assert title.startswith("Llegó con retraso: ")


def test_what_was_missed_while_offline_is_caught_up_once_without_reload(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Reconecta")
    ana.says("antes")
    open_chat(desk, ana)
    desk.evaluate("window.stillHere = true")
    desk.context.set_offline(True)
    desk.evaluate("dispatchEvent(new Event('offline'))")
    expect(desk.locator("[data-offline]").first).to_be_visible()
    ana.says("durante uno", "durante dos")
    ana.says("durante tres")
    desk.context.set_offline(False)
    for text in ("durante uno", "durante dos", "durante tres"):
        expect(bubble(desk, text)).to_have_count(1)
    expect(desk.locator("[data-offline]").first).to_be_hidden()
    desk.wait_for_timeout(500)
    assert texts(desk) == ["antes", "durante uno", "durante dos", "durante tres"]
    assert desk.evaluate("window.stillHere")
