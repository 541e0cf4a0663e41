"""The editor of rules as a person meets it: rows, JSON, preview, order, and two people at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import _context, _watched_page
from tests.browser.line import Line

RULES = "/admin/chatbot/rule/"


@pytest.fixture
def other_desk(browser: Browser, line: Line, session_state: Any) -> Iterator[Page]:
    """A second window of the company, on another machine."""
    yield from _watched_page(_context(browser, line, storage_state=session_state))


def new_rule(page: Page, step: str, trigger: str, kind: str, reply: str) -> None:
    page.goto(f"{RULES}add/?step={step}")
    page.locator("#id_trigger").fill(trigger)
    page.locator("#id_kind").select_option(kind)
    page.locator("#id_reply").fill(reply)


def save(page: Page) -> None:
    page.get_by_role("button", name="Guardar", exact=True).click()
    anyway = page.get_by_role("button", name="Guardar de todos modos")
    said = page.locator(".messagelist .success")
    expect(said.or_(anyway).first).to_be_visible(timeout=15_000)
    if anyway.is_visible():
        anyway.click()
    expect(said).to_contain_text("Guardada en el borrador", timeout=15_000)


def options_of(page: Page) -> Any:
    return json.loads(page.locator("#id_options").input_value())


def test_a_list_menu_is_made_of_rows(desk: Page) -> None:
    new_rule(desk, "menu_principal", "menú", "lista", "*¿Qué necesitas?*")
    section = desk.locator(".opt-section").first
    section.get_by_role("textbox", name="Título de la sección").fill("Envíos")
    section.get_by_role("textbox", name="Título", exact=True).fill("Envío Express")
    section.get_by_role("textbox", name="Descripción").fill("1 día")
    section.get_by_role("combobox", name="Lleva al paso").fill("cotizacion")
    section.get_by_role("button", name="Agregar fila").click()
    section.get_by_role("textbox", name="Título", exact=True).nth(1).fill("Envío express")
    desk.get_by_role("button", name="Agregar sección").click()
    other = desk.locator(".opt-section").nth(1)
    other.get_by_role("textbox", name="Título de la sección").fill("Ayuda")
    other.get_by_role("textbox", name="Título", exact=True).fill("x" * 25)
    expect(other.locator(".counter--over")).to_have_text("25/24")
    other.get_by_role("textbox", name="Título", exact=True).fill("Hablar con alguien")
    expect(other.locator(".counter--over")).to_have_count(0)
    preview = desk.locator("[data-preview-shown]")
    expect(preview.locator("strong")).to_have_text("¿Qué necesitas?")
    expect(preview).to_contain_text("Hablar con alguien")
    rows = [section["rows"] for section in options_of(desk)["sections"]]
    assert rows[0][0] == {
        "id": "envio_express",
        "title": "Envío Express",
        "description": "1 día",
        "step": "cotizacion",
    }
    assert [row["id"] for row in rows[0]] == ["envio_express", "envio_express_2"]
    save(desk)


def test_what_rows_do_not_know_is_kept(desk: Page) -> None:
    new_rule(desk, "menu_principal", "botones", "boton", "Elige")
    desk.get_by_role("tab", name="JSON").click()
    written = [{"type": "reply", "reply": {"id": "si", "title": "Sí"}, "next_step": "a", "nota": 7}]
    desk.locator("#id_options").fill(json.dumps(written))
    desk.get_by_role("tab", name="Con casillas").click()
    expect(desk.get_by_role("combobox", name="Lleva al paso")).to_have_value("a")
    desk.get_by_role("textbox", name="Título", exact=True).fill("Claro")
    desk.get_by_text("Encabezado y pie").click()
    desk.get_by_role("textbox", name="Pie").fill("Gracias")
    kept = {"type": "reply", "reply": {"id": "si", "title": "Claro"}, "next_step": "a", "nota": 7}
    assert options_of(desk) == {"buttons": [kept], "footer": "Gracias"}
    desk.locator("#id_kind").select_option("texto")
    desk.locator("#id_kind").select_option("boton")
    assert options_of(desk)["footer"] == "Gracias"
    desk.get_by_role("tab", name="JSON").click()
    desk.locator("#id_options").fill('{"buttons": [')
    desk.get_by_role("tab", name="Con casillas").click()
    expect(desk.get_by_text("El JSON no se puede leer")).to_be_visible()
    assert desk.locator("#id_options").input_value() == '{"buttons": ['


def test_the_second_to_save_is_told(desk: Page, other_desk: Page) -> None:
    new_rule(desk, "choque", "hola", "texto", "Primera")
    save(desk)
    desk.goto(f"{RULES}?step__exact=choque")
    desk.get_by_role("link", name="hola").click()
    other_desk.goto(desk.url)
    other_desk.locator("#id_reply").fill("De otra persona")
    save(other_desk)
    desk.locator("#id_reply").fill("La mía")
    desk.get_by_role("button", name="Guardar", exact=True).click()
    told = desk.locator(".rule-ask")
    expect(told).to_contain_text("admin guardó cambios mientras la editabas")
    expect(told.locator("tbody tr")).to_have_count(1)
    expect(told.locator("tbody tr")).to_contain_text("De otra persona")
    desk.get_by_role("button", name="Guardar lo mío encima").click()
    anyway = desk.get_by_role("button", name="Guardar de todos modos")
    if anyway.is_visible():
        anyway.click()
    expect(desk.locator(".messagelist .success")).to_contain_text("Guardada")
    expect(desk.locator(".rules__reply").first).to_have_text("La mía")


def test_rules_are_put_in_order(desk: Page) -> None:
    for word in ("uno", "dos", "tres"):
        new_rule(desk, "orden", word, "texto", word)
        save(desk)
    desk.goto(f"{RULES}?step__exact=orden")
    triggers = desk.locator(".rules__trigger")
    desk.get_by_role("button", name="Subir orden · tres").click()
    expect(desk.get_by_role("status")).to_have_text("Orden guardado en el borrador.")
    handle = desk.locator("tr", has_text="dos").locator("[data-handle]").bounding_box()
    first = triggers.first.bounding_box()
    assert handle
    assert first
    desk.mouse.move(handle["x"] + 4, handle["y"] + 4)
    desk.mouse.down()
    with desk.expect_response("**/mover/**"):
        desk.mouse.move(handle["x"] + 4, first["y"] + 2, steps=8)
        desk.mouse.up()
    desk.reload()
    assert triggers.all_inner_texts() == ["dos", "uno", "tres"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_on_a_phone(phone: Page, scheme: str) -> None:
    phone.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for address in (RULES, f"{RULES}add/", "/admin/conversations/quickreply/add/"):
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
