"""What Meta refuses, on an open page: told live, and sent again by hand."""

from playwright.sync_api import Page, expect

from tests.browser.line import Line
from tests.browser.test_inbox import bubble, open_chat


def test_a_failed_message_is_sent_again_from_its_bubble(desk: Page, line: Line) -> None:
    ana = line.client("Ana Reintento")
    ana.says("hola")
    box = open_chat(desk, ana)
    line.meta.fail_next(131031, to=ana.wa_id)
    box.fill("¿Le sirve el martes?")
    box.press("Enter")
    failed = bubble(desk, "¿Le sirve el martes?")
    again = failed.get_by_role("button", name="Reintentar")
    expect(again).to_be_visible()
    assert line.sent_to(ana) == []
    again.dblclick()
    expect(failed.get_by_text("Reenviado por")).to_be_visible()
    expect(again).to_have_count(0)
    assert line.received_by(ana, 1) == ["¿Le sirve el martes?"]
    expect(desk.locator(".trouble")).to_have_count(0)


def test_a_refusal_to_send_again_is_read_out_beside_the_message(desk: Page, line: Line) -> None:
    ana = line.client("Ana Negada")
    ana.says("hola")
    box = open_chat(desk, ana)
    line.meta.fail_next(131030, to=ana.wa_id)
    box.fill("Hasta luego")
    box.press("Enter")
    failed = bubble(desk, "Hasta luego")
    again = failed.get_by_role("button", name="Reintentar")
    desk.route(
        "**/reintentar", lambda route: route.fulfill(status=422, body="<p>Ya no se puede.</p>")
    )
    again.click()
    expect(failed.get_by_role("alert")).to_have_text("Ya no se puede.")
    expect(again).to_be_enabled()


def test_a_paused_number_is_told_to_an_open_page_and_let_go_on(desk: Page, line: Line) -> None:
    ana = line.client("Ana Pausa")
    ana.says("hola")
    box = open_chat(desk, ana)
    expect(desk.locator(".trouble")).to_have_count(0)
    line.meta.fail_next(190, to=ana.wa_id)
    box.fill("Ya le cuento")
    box.press("Enter")
    banner = desk.get_by_role("alert").filter(has=desk.get_by_role("button", name="Ya está"))
    expect(banner).to_be_visible()
    assert line.sent_to(ana) == []
    banner.get_by_role("button").click()
    expect(desk.locator(".trouble")).to_have_count(0)
    assert line.received_by(ana, 1) == ["Ya le cuento"]
