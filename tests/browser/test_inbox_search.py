"""Searching in a real browser: a hit opens its chat at the message, marked."""

import re

from playwright.sync_api import Page, expect

from tests.browser.line import Line
from tests.browser.test_inbox_list import shown


def search(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").fill(words)


def test_a_word_without_its_accent_finds_the_message_and_opens_there(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Búsqueda")
    ana.says("necesito un camión grúa")
    ana.says(*[f"relleno {number}" for number in range(90)])
    desk.goto("/")
    search(desk, "camion gru")
    hit = desk.locator(".hit", has_text="necesito un camión grúa")
    expect(hit.locator("mark")).to_have_text(["camión", "grú"])
    shown(desk, "hits")
    hit.get_by_role("link").click()
    expect(desk.locator("#chat .head__name")).to_have_text(ana.name)
    expect(desk).to_have_url(re.compile(r"/chats/\d+/\?mensaje=\d+&q=camion"))
    expect(desk.locator(".bubble", has_text="necesito un camión grúa")).to_be_in_viewport()


def test_a_number_in_any_format_and_a_name_find_the_chat(desk: Page, line: Line) -> None:
    ana = line.client("Zoraida Núñez")
    ana.says("hola")
    desk.goto("/")
    digits = ana.wa_id
    for words in (f"+{digits[:2]} {digits[2:5]} {digits[5:8]}-{digits[8:]}", "zoraida nunez"):
        search(desk, words)
        expect(desk.locator(".hit .row__name", has_text=ana.name)).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("wa-list")).to_be_visible()


def test_more_than_a_page_of_hits_is_reached_by_scrolling(desk: Page, line: Line) -> None:
    ana = line.client("Ana Páginas")
    ana.says(*[f"repetida número {number}" for number in range(75)])
    desk.goto("/")
    search(desk, "repetida")
    hits = desk.locator(".hit__text")
    expect(hits.first).to_be_visible()
    for _page in range(5):
        desk.locator("[data-hits]").evaluate("e => { e.scrollTop = e.scrollHeight; }")
        desk.wait_for_timeout(300)
    expect(hits).to_have_count(75)


def test_nothing_found_says_what_to_try_and_goes_back(desk: Page, line: Line) -> None:
    line.client("Ana Nada").says("hola")
    desk.goto("/")
    search(desk, "zzzqqq")
    expect(desk.get_by_role("heading", name="Nada coincide")).to_be_visible()
    desk.get_by_role("button", name="Borrar la búsqueda").click()
    expect(desk.locator("wa-list")).to_be_visible()
