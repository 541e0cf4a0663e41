"""The chat list in a real browser: panes, tabs, filters, rows, the menu of a row, many at once."""

import os
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.line import Client, Line


def row(page: Page, client: Client) -> Locator:
    return page.locator(".row", has=page.get_by_text(client.name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator("wa-list .row__name").all_inner_texts()


def choose(page: Page, client: Client, action: str) -> None:
    row(page, client).click(button="right")
    page.get_by_role("menuitem", name=action).click()


def tab(page: Page, name: str) -> Locator:
    return page.locator(".tab", has_text=name)


def shown(page: Page, name: str) -> None:
    """A picture for whoever asks for it: SHOTS=/tmp/folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


# Frame ------------------------------------------------------------------------------------------


def test_the_width_of_the_list_is_dragged_moved_by_keys_and_kept(desk: Page, line: Line) -> None:
    line.client("Ana Ancho").says("hola")
    desk.goto("/")
    splitter = desk.get_by_role("separator", name="Ancho de la lista de chats")
    side = desk.locator("#side")
    before = side.bounding_box()["width"]  # type: ignore[index]
    splitter.focus()
    splitter.press("ArrowRight")
    assert abs(side.bounding_box()["width"] - before - 24) < 1  # type: ignore[index]
    box = splitter.bounding_box()
    assert box is not None
    desk.mouse.move(box["x"], 400)
    desk.mouse.down()
    desk.mouse.move(box["x"] - 60, 400)
    desk.mouse.up()
    narrow = side.bounding_box()["width"]  # type: ignore[index]
    assert narrow < before
    desk.reload()
    assert side.bounding_box()["width"] == narrow  # type: ignore[index]


def test_below_768_px_one_pane_from_768_two(desk: Page, line: Line) -> None:
    ana = line.client("Ana Paneles Dos")
    ana.says("hola")
    desk.goto("/")
    row(desk, ana).get_by_role("link").click()
    expect(desk.locator("#chat .head__name")).to_have_text(ana.name)
    for width, has_list in ((1366, True), (800, True), (767, False)):
        desk.set_viewport_size({"width": width, "height": 700})
        expect(desk.locator("#chat")).to_be_visible()
        expect(desk.locator("#side")).to_be_visible(visible=has_list)
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")


# Rows -------------------------------------------------------------------------------------------


def test_a_row_says_who_when_what_and_how_long_is_left_to_answer(desk: Page, line: Line) -> None:
    ana = line.client("Ana Fila")
    ana.says("quiero dos camisas")
    ana.says("", type="image", image={"id": "1", "mime_type": "image/jpeg"})
    desk.goto("/")
    mine = row(desk, ana)
    expect(mine.locator(".avatar")).to_have_text("AF")
    expect(mine.locator(".row__text")).to_have_text("Foto")
    expect(mine.locator(".icon--image")).to_be_visible()
    expect(mine.locator(".row__time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(mine.locator(".badge")).to_contain_text("2")
    expect(mine.locator(".state")).to_be_visible()
    expect(mine.locator(".row__window")).to_have_text("23 h")
    shown(desk, "list-light")
    desk.emulate_media(color_scheme="dark")
    shown(desk, "list-dark")


def test_a_chat_that_rises_does_not_move_the_row_under_the_pointer(desk: Page, line: Line) -> None:
    people = [line.client(f"Puntero {number}") for number in range(4)]
    for one in people:
        one.says("hola")
    desk.goto("/")
    under = row(desk, people[3])
    under.hover()
    before = under.bounding_box()["y"]  # type: ignore[index]
    people[1].says("subo")
    expect(row(desk, people[1]).locator(".row__text")).to_have_text("subo")
    expect(desk.locator("wa-list .row__name").first).to_have_text(people[1].name)
    assert abs(under.bounding_box()["y"] - before) < 1  # type: ignore[index]


def test_a_pinned_chat_stays_above_newer_ones_and_is_let_go(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Fijada"), line.client("Beto Nuevo")
    ana.says("hola")
    beto.says("buenas")
    desk.goto("/")
    choose(desk, ana, "Fijar arriba")
    expect(desk.locator("wa-list .row__name").first).to_have_text(ana.name)
    desk.reload()
    beto.says("otra vez")
    expect(row(desk, beto).locator(".row__text")).to_have_text("otra vez")
    assert names(desk)[0] == ana.name
    choose(desk, ana, "Dejar de fijar")
    expect(desk.locator("wa-list .row__name").first).to_have_text(beto.name)


def test_a_chat_marked_unread_is_so_after_a_reload(desk: Page, line: Line) -> None:
    ana = line.client("Ana Sin Leer")
    ana.says("hola")
    desk.goto("/")
    row(desk, ana).get_by_role("link").click()
    expect(row(desk, ana).locator(".badge")).to_have_count(0)
    choose(desk, ana, "Marcar como no leído")
    expect(desk).to_have_url(re.compile(r"/$"))
    desk.reload()
    expect(row(desk, ana).locator(".badge")).to_contain_text("1")
    choose(desk, ana, "Marcar como leído")
    expect(row(desk, ana).locator(".badge")).to_have_count(0)


def test_a_long_press_opens_the_menu_that_a_right_click_does(phone: Page, line: Line) -> None:
    ana = line.client("Ana Larga Presión")
    ana.says("hola")
    phone.goto("/")
    box = row(phone, ana).bounding_box()
    assert box is not None
    touch = phone.context.new_cdp_session(phone)
    point = {"x": box["x"] + 100, "y": box["y"] + 30}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    menu = phone.get_by_role("menu")
    expect(menu).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(menu.get_by_role("menuitem", name="Fijar arriba")).to_be_visible()
    shown(phone, "menu-phone")
    area = menu.bounding_box()
    assert area is not None
    assert area["x"] >= 0
    assert area["x"] + area["width"] <= 390
    phone.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(phone.locator("#side")).to_be_visible()


# Tabs and filters -------------------------------------------------------------------------------


def test_tabs_count_and_show_mine_nobodys_and_all(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Pestaña"), line.client("Beto Pestaña")
    ana.says("hola")
    beto.says("hola")
    desk.goto("/")
    before = int(desk.locator("[data-count=mios]").inner_text())
    choose(desk, ana, "Asignarme")
    expect(desk.locator("[data-count=mios]")).to_have_text(str(before + 1))
    tab(desk, "Míos").click()
    expect(row(desk, beto)).to_have_count(0)
    expect(row(desk, ana)).to_be_visible()
    tab(desk, "Sin asignar").click()
    expect(row(desk, beto)).to_be_visible()
    expect(row(desk, ana)).to_have_count(0)
    desk.reload()
    expect(desk.get_by_role("radio", name="Sin asignar")).to_be_checked()
    expect(row(desk, ana)).to_have_count(0)
    tab(desk, "Todos").click()
    expect(row(desk, ana)).to_be_visible()


def test_filters_become_chips_that_are_removed_one_by_one_and_survive_a_reload(
    desk: Page, line: Line
) -> None:
    ana, beto = line.client("Ana Filtro"), line.client("Beto Filtro")
    ana.says("hola", seconds_ago=21 * 3600)
    beto.says("hola")
    desk.goto("/")
    desk.get_by_label("Filtros", exact=True).click()
    desk.get_by_label("Sin leer", exact=True).check()
    desk.get_by_label(re.compile("Cierra pronto")).check()
    expect(row(desk, beto)).to_have_count(0)
    expect(row(desk, ana)).to_be_visible()
    shown(desk, "filters")
    desk.keyboard.press("Escape")
    desk.reload()
    expect(desk.locator(".chip")).to_have_text(["Sin leer", "Cierra pronto"])
    expect(row(desk, beto)).to_have_count(0)
    desk.get_by_role("button", name="Quitar el filtro Cierra pronto").click()
    expect(row(desk, beto)).to_be_visible()
    expect(desk.locator(".chip")).to_have_text(["Sin leer"])
    desk.get_by_role("button", name="Quitar el filtro Sin leer").click()
    expect(desk.locator(".chip")).to_have_count(0)


def test_a_filter_that_nothing_passes_says_so_and_is_taken_away(desk: Page, line: Line) -> None:
    ana = line.client("Ana Vacía")
    ana.says("hola")
    desk.goto("/")
    desk.get_by_label("Filtros", exact=True).click()
    desk.get_by_label("Último mensaje desde").fill("2099-01-01")
    expect(desk.get_by_role("heading", name="Ningún chat con estos filtros")).to_be_visible()
    desk.keyboard.press("Escape")
    shown(desk, "empty")
    desk.get_by_role("button", name="Quitar los filtros").click()
    expect(row(desk, ana)).to_be_visible()


# Many at once -----------------------------------------------------------------------------------


def test_shift_picks_a_stretch_and_an_act_on_it_asks_once_and_is_undone(
    desk: Page, line: Line
) -> None:
    people = [line.client(f"Varios {number}") for number in range(4)]
    for one in people:
        one.says("hola")
    desk.goto("/")
    row(desk, people[3]).get_by_role("link").click(modifiers=["Control"])
    row(desk, people[1]).get_by_role("link").click(modifiers=["Shift"])
    bar = desk.get_by_role("toolbar", name="Chats seleccionados")
    expect(bar.locator("[data-picked]")).to_have_text("3")
    shown(desk, "bulk")
    bar.get_by_label("Cambiar el estado a").select_option("Resuelta")
    dialog = desk.get_by_role("dialog")
    expect(dialog).to_contain_text("¿Cambiar el estado de los chats seleccionados a «Resuelta»?")
    shown(desk, "ask")
    dialog.get_by_role("button", name="Sí, hacerlo").click()
    for one in people[1:]:
        expect(row(desk, one)).to_have_count(0)
    expect(row(desk, people[0])).to_be_visible()
    toast = desk.locator(".toast", has_text="3 chats resueltos")
    shown(desk, "toast")
    toast.get_by_role("button", name="Deshacer").click()
    for one in people:
        expect(row(desk, one)).to_be_visible()


def test_arrows_go_from_row_to_row_and_enter_opens(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Flechas"), line.client("Beto Flechas")
    ana.says("hola")
    beto.says("hola")
    desk.goto("/")
    row(desk, beto).get_by_role("link").focus()
    desk.keyboard.press("ArrowDown")
    expect(row(desk, ana).get_by_role("link")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#chat .head__name")).to_have_text(ana.name)


def test_rows_that_come_late_do_not_undo_a_filter_chosen_meanwhile(desk: Page, line: Line) -> None:
    ana = line.client("Ana Tarde")
    ana.says("hola")
    desk.goto("/")
    expect(row(desk, ana)).to_be_visible()
    held: list[Route] = []
    desk.route("**/chats/lista?**", lambda route: held.append(route), times=1)
    with desk.expect_request("**/chats/lista?**"):
        desk.evaluate("document.dispatchEvent(new CustomEvent('wa:hint', { detail: {} }))")
    tab(desk, "Míos").click()
    expect(row(desk, ana)).to_have_count(0)
    held[0].continue_()
    desk.wait_for_timeout(400)
    expect(row(desk, ana)).to_have_count(0)
    tab(desk, "Todos").click()
    expect(row(desk, ana)).to_be_visible()
