"""The map of the demo's rules, by mouse, by keyboard and on a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK, PHONE, _watched_page

MAP = "/admin/chatbot/rule/mapa/"


@pytest.fixture
def page(browser: Browser, demo: str) -> Iterator[Page]:
    yield from _watched_page(_owner(browser, demo))


def _owner(browser: Browser, demo: str, **options: object):  # type: ignore[no-untyped-def]
    """A browser in which the demo's admin has logged in."""
    context = browser.new_context(
        **{"base_url": demo, "viewport": DESK, "locale": "es-CO"} | options
    )
    context.set_default_timeout(8000)
    login = context.new_page()
    login.goto("/login")
    login.get_by_label("Usuario").fill("admin")
    login.get_by_label("Contraseña").fill("Admin1234")
    login.get_by_role("button", name="Entrar").click()
    expect(login).to_have_url(f"{demo}/")
    login.close()
    return context


def step(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator(f'[data-step="{name}"]')


def width(page: Page) -> float:
    return float(page.locator("[data-flow]").get_attribute("width") or 0)


def test_a_box_leads_to_the_rules_of_its_step(page: Page) -> None:
    page.goto(MAP)
    step(page, "cotizar_barra").click()
    expect(page).to_have_url(
        f"{page.url.split('/admin')[0]}/admin/chatbot/rule/?step__exact=cotizar_barra"
    )
    expect(page.locator("#result_list, .rule-list, table").first).to_be_visible()
    assert "marco_medida" not in page.locator("#changelist").inner_text()


def test_the_map_is_walked_with_the_keyboard(page: Page) -> None:
    page.goto(MAP)
    page.locator("[data-view]").focus()
    before = width(page)
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert width(page) > before
    page.keyboard.press("0")
    assert width(page) <= page.locator("[data-view]").evaluate("view => view.clientWidth")
    page.keyboard.press("Tab")
    expect(step(page, "menu_principal")).to_be_focused()
    expect(step(page, "menu_principal")).to_have_accessible_name(
        "menu_principal · Inicio · 1 regla"
    )
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?step__exact=menu_principal$"))


def test_the_map_is_dragged_and_zoomed_where_the_mouse_is(page: Page) -> None:
    page.goto(f"{MAP}?around=cotizar")
    view = page.locator("[data-view]")
    for _each in range(4):
        page.get_by_role("button", name="Acercar").click()
    box = view.bounding_box()
    assert box is not None
    left = view.evaluate("view => view.scrollLeft")
    page.mouse.move(box["x"] + 500, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 350, box["y"] + 120, steps=4)
    page.mouse.up()
    assert view.evaluate("view => view.scrollLeft") == pytest.approx(left + 150, abs=2)
    assert MAP in page.url  # a drag that ends on a box is no click
    before = width(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, 200)
    page.keyboard.up("Control")
    expect(page.locator("[data-flow]")).not_to_have_attribute("width", f"{before:g}")
    assert width(page) < before


def test_the_lines_of_a_step_stand_out(page: Page) -> None:
    page.goto(MAP)
    step(page, "cotizar").hover()
    lit = page.locator(".map-line.lit")
    expect(lit.first).to_be_attached()
    ends = lit.evaluate_all("lines => lines.map((line) => [line.dataset.from, line.dataset.to])")
    assert all("cotizar" in pair for pair in ends)
    assert ["menu", "cotizar"] in ends


def test_the_map_is_also_a_table_and_fits_a_phone(browser: Browser, demo: str) -> None:
    context = _owner(browser, demo, viewport=PHONE, has_touch=True, is_mobile=True)
    for page in _watched_page(context):
        page.goto(MAP)
        page.get_by_text("El mapa como tabla").click()
        row = page.get_by_role("row", name="cotizado 2 reglas")
        expect(row).to_contain_text("al tocar «Otra cotización»")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        row.get_by_role("link", name="Probar").click()
        expect(page.get_by_text("El cliente está en «cotizado»")).to_be_visible()
