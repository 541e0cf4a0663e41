"""The login page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OWN_PASSWORD


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Usuario").fill("admin")
    page.get_by_label("Contraseña").fill(password)
    page.get_by_role("button", name="Entrar").click()


def test_a_stranger_logs_in_and_lands_where_they_wanted(
    stranger: Page, session_state: object
) -> None:
    stranger.goto("/chats/lista")
    assert "/login" in stranger.url
    stranger.goto("/")
    log_in(stranger, OWN_PASSWORD)
    expect(stranger.get_by_role("heading", name="Elige un chat")).to_be_visible()
    assert stranger.title().endswith("whapco")


def test_a_wrong_password_says_so_in_spanish(stranger: Page, session_state: object) -> None:
    stranger.goto("/login")
    log_in(stranger, "no-es-esta")
    expect(stranger.get_by_role("alert")).to_contain_text("contraseña no son correctos")
    expect(stranger.get_by_label("Usuario")).to_have_value("admin")


def test_logging_out_closes_the_inbox(stranger: Page, session_state: object) -> None:
    stranger.goto("/")
    log_in(stranger, OWN_PASSWORD)
    stranger.get_by_role("img", name="Menú").click()
    stranger.get_by_role("button", name="Salir").click()
    stranger.goto("/")
    expect(stranger.get_by_role("button", name="Entrar")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_on_a_phone(stranger: Page, width: int, scheme: str) -> None:
    stranger.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    stranger.set_viewport_size({"width": width, "height": 700})
    stranger.goto("/login")
    assert stranger.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = stranger.get_by_role("button", name="Entrar").bounding_box()
    assert box is not None
    assert box["height"] >= 44
