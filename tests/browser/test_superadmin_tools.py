"""A superadmin at work: a number that nobody has, and one that does not work."""

import time
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.line import NUMBER, SECRET, TOKEN, Line, send
from whapco.simulator.webhooks import signed

EVENTS = "/admin/tenants/undeliveredevent/"
NUMBERS = "/admin/tenants/whatsappnumber/"
LATE = "112"  # the company gets this number after its first message


def write_to(line: Line, number: str, text: str, wa_id: str, name: str) -> None:
    """A client writes to any number of Meta's app."""
    message = {
        "from": wa_id,
        "id": f"wamid.{uuid4().hex}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550000112", "phone_number_id": number},
        "contacts": [{"profile": {"name": name}, "wa_id": wa_id}],
        "messages": [message],
    }
    entry = {"id": f"9{number}", "changes": [{"field": "messages", "value": value}]}
    send(line.url, *signed({"object": "whatsapp_business_account", "entry": [entry]}, SECRET))


def open_number(page: Page, number: str) -> None:
    page.goto(f"{NUMBERS}?q={number}")
    page.locator("#result_list tbody th a").click()
    expect(page.get_by_role("heading", name="Conexión con Meta")).to_be_visible()


def said(page: Page) -> list[str]:
    expect(page.locator(".messagelist li").first).to_be_visible()
    return page.locator(".messagelist li").all_inner_texts()


def add_number(page: Page, number: str) -> None:
    """On the company's page."""
    page.goto("/admin/tenants/tenant/")
    page.get_by_role("link", name="Camisas Acme").click()
    page.locator(".add-row a").click()
    page.locator("[name$=-phone_number_id]:visible").last.fill(number)
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_what_came_before_the_number_had_a_company_is_handed_over(desk: Page, line: Line) -> None:
    write_to(line, LATE, "¿Llegan mis camisas hoy?", "573009990112", "Temprana Ríos")
    desk.goto("/admin/")
    desk.locator("#content-main").get_by_role("link", name="Eventos sin entregar").click()
    row = desk.get_by_role("row", name="•••0112")
    expect(row).to_contain_text("Ninguna todavía")
    expect(desk.locator("body")).not_to_contain_text("camisas hoy")
    desk.get_by_role("link", name=f"{LATE} (1)").click()
    desk.get_by_role("button", name="todo lo de este número").click()
    assert said(desk) == ["0 entregados, 1 sin empresa todavía."]
    add_number(desk, LATE)
    desk.goto(EVENTS)
    desk.get_by_role("link", name="Camisas Acme (1)").click()
    desk.get_by_role("row", name="•••0112").get_by_role("link").first.click()
    desk.get_by_text("Tal como llegó, en JSON").click()
    expect(desk.locator("pre")).to_contain_text("camisas hoy")
    desk.get_by_role("button", name="Volver a entregar").click()
    assert said(desk) == ["1 entregado."]
    expect(desk.get_by_text("No hay nada sin entregar")).to_be_visible()
    desk.goto("/")
    desk.locator(".row__name", has_text="Temprana Ríos").click()
    expect(desk.locator("body")).to_contain_text("¿Llegan mis camisas hoy?")


def test_old_events_are_deleted_after_a_question(desk: Page, line: Line) -> None:
    write_to(line, "113", "hola", "573009990113", "Perdida Gil")
    desk.goto(f"{EVENTS}?numero=113")
    desk.locator("#action-toggle").check()
    desk.select_option("[name=action]", label="Borrar para siempre")
    desk.get_by_role("button", name="Ir", exact=True).first.click()
    expect(desk.get_by_text("Se borrará 1 evento")).to_be_visible()
    desk.get_by_role("link", name="No, volver a la lista").click()
    desk.locator("#action-toggle").check()
    desk.select_option("[name=action]", label="Borrar para siempre")
    desk.get_by_role("button", name="Ir", exact=True).first.click()
    desk.get_by_role("button", name="Sí, borrar").click()
    assert said(desk) == ["Se borró 1 evento."]


def test_a_silent_number_is_asked_about_and_mended(desk: Page, line: Line) -> None:
    memory, tokens = line.meta.graph.memory, line.meta.graph.tokens
    line.client("Quien enseña la cuenta").says("hola")
    open_number(desk, NUMBER)
    memory.unsubscribed.add(f"9{NUMBER}")
    desk.get_by_role("button", name="Probar conexión").click()
    found = said(desk)
    assert found[0] == "Clave de acceso: Meta la acepta."
    assert "ninguna aplicación recibe los mensajes" in found[-1]
    desk.get_by_role("button", name="Suscribir la aplicación").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("Suscrita")
    desk.get_by_role("button", name="Probar conexión").click()
    expect(desk.locator(".messagelist .success")).to_have_count(4)
    tokens.expire(TOKEN)
    desk.get_by_role("button", name="Probar conexión").click()
    expect(desk.locator(".messagelist .error")).to_contain_text("Genera una permanente")
    tokens.renew_all()


def test_a_paused_number_goes_on_when_a_person_says_so(desk: Page, line: Line) -> None:
    client = line.client("Paciente Díaz")
    client.says("hola")
    line.meta.graph.tokens.expire(TOKEN)
    desk.goto("/")
    desk.locator(".row__name", has_text="Paciente Díaz").click()
    desk.locator("textarea").fill("Ya te ayudo")
    desk.keyboard.press("Enter")
    expect(desk.locator("body")).to_contain_text("Ya te ayudo")
    open_number(desk, NUMBER)
    for _try in range(50):  # the page tells how it was when it was opened
        if desk.get_by_text("En pausa desde").is_visible():
            break
        desk.wait_for_timeout(100)
        desk.reload()
    expect(desk.get_by_text("En pausa desde")).to_be_visible()
    line.meta.graph.tokens.renew_all()
    desk.get_by_role("button", name="Reanudar envíos").click()
    expect(desk.get_by_text("Sin pausas.")).to_be_visible()
    assert line.received_by(client, 1) == ["Ya te ayudo"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_on_a_phone(phone: Page, line: Line, scheme: str) -> None:
    write_to(line, "1" * 60, "hola", "573009990114", "Larga Ruiz")
    phone.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for address in (EVENTS, NUMBERS):
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        phone.locator("#result_list tbody th a").first.click()
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        button = phone.locator(".tools button").first.bounding_box()
        assert button is not None
        assert button["x"] + button["width"] <= 390
