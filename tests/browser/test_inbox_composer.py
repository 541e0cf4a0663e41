"""What agents write with: drafts, notes, `/`, emojis, later, buttons, forwarding, no connection."""

import re

from playwright.sync_api import Page, expect

from tests.browser.line import Line
from tests.browser.test_inbox import bubble, open_chat


def test_a_slash_offers_quick_replies_filtered_and_filled(desk: Page, line: Line) -> None:
    line.run(
        "from conversations.models import QuickReply\n"
        "words = 'Hola {{nombre}}, soy {{asesor}}'\n"
        "QuickReply.objects.create(name='Saludo inicial', message=words)\n"
        "QuickReply.objects.create(name='Horario', message='De 8 a 6')\n"
    )
    ana = line.client("Ana Rápida")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.press_sequentially("/salúd")
    options = desk.locator(".suggest:not([hidden]) [role=option]")
    expect(options).to_have_count(1)
    box.press("Escape")
    expect(options).to_have_count(0)
    box.fill("")
    box.press_sequentially("/")
    expect(options.first).to_be_visible()
    box.press("ArrowDown")
    box.press("ArrowUp")
    box.fill("/salud")
    expect(options).to_have_count(1)
    box.press("Enter")
    expect(box).to_have_value("Hola Ana, soy admin")
    box.press("Enter")
    assert line.received_by(ana, 1) == ["Hola Ana, soy admin"]


def test_a_note_looks_different_and_never_reaches_the_client(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Nota"), line.client("Beto Nota")
    ana.says("hola")
    beto.says("buenas")
    box = open_chat(desk, ana)
    desk.get_by_role("button", name="Nota interna").click()
    expect(desk.get_by_text("solo la ven tus colegas")).to_be_visible()
    box.fill("paga siempre tarde")
    desk.get_by_role("link", name="Beto Nota").click()
    expect(desk.locator("#chat .head__name")).to_have_text("Beto Nota")
    expect(box).to_have_value("")
    expect(desk.get_by_text("solo la ven tus colegas")).to_be_hidden()
    desk.get_by_role("link", name="Ana Nota").click()
    expect(box).to_have_value("paga siempre tarde")
    expect(desk.get_by_text("solo la ven tus colegas")).to_be_visible()
    box.press("Enter")
    note = desk.locator(".bubble.kind-note", has_text="paga siempre tarde")
    expect(note).to_be_visible()
    expect(desk.get_by_text("solo la ven tus colegas")).to_be_hidden()
    assert line.sent_to(ana) == []


def test_a_draft_survives_a_reload_and_another_browser(desk: Page, line: Line) -> None:
    ana = line.client("Ana Apunte")
    ana.says("hola")
    box = open_chat(desk, ana)
    with desk.expect_response(re.compile("/borrador$")):
        box.fill("te cuento que")
    desk.reload()
    expect(box).to_have_value("te cuento que")
    desk.evaluate("localStorage.clear()")
    desk.reload()
    expect(box).to_have_value("te cuento que")


def test_without_connection_a_message_waits_and_is_sent_once(desk: Page, line: Line) -> None:
    ana = line.client("Ana Sinred")
    ana.says("hola")
    box = open_chat(desk, ana)
    desk.context.set_offline(True)
    box.fill("uno")
    box.press("Enter")
    box.fill("dos")
    box.press("Enter")
    expect(desk.locator(".bubble.is-pending")).to_have_count(2)
    expect(desk.get_by_text("se enviará al volver").first).to_be_visible()
    assert line.sent_to(ana) == []
    desk.context.set_offline(False)
    assert line.received_by(ana, 2) == ["uno", "dos"]
    expect(desk.locator(".bubble.is-pending")).to_have_count(0)
    expect(bubble(desk, "uno")).to_have_count(1)


def test_what_waits_survives_a_reload(desk: Page, line: Line) -> None:
    ana = line.client("Ana Recarga")
    ana.says("hola")
    box = open_chat(desk, ana)
    desk.route("**/responder", lambda route: route.abort())
    box.fill("no me pierdas")
    box.press("Enter")
    expect(desk.get_by_text("se enviará al volver")).to_be_visible()
    desk.unroute("**/responder")
    desk.reload()
    assert line.received_by(ana, 1) == ["no me pierdas"]
    expect(bubble(desk, "no me pierdas")).to_have_count(1)
    assert line.sent_to(ana) == ["no me pierdas"]


def test_emojis_are_found_by_their_spanish_names(desk: Page, line: Line) -> None:
    ana = line.client("Ana Emoji")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("Gracias ")
    desk.get_by_role("button", name="Emojis").click()
    desk.get_by_placeholder("Buscar emoji").fill("corazón rojo")
    expect(desk.locator(".emoji__grid button").first).to_contain_text("❤")
    desk.get_by_placeholder("Buscar emoji").press("Enter")
    expect(box).to_have_value(re.compile("Gracias ❤"))


def test_the_count_shows_near_the_limit_and_stops_what_is_too_long(desk: Page, line: Line) -> None:
    ana = line.client("Ana Extensa")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("a" * 4000)
    expect(desk.get_by_text("Quedan 96 caracteres")).to_be_visible()
    box.fill("a" * 4100)
    expect(desk.get_by_text("Sobran 4 caracteres")).to_be_visible()
    expect(desk.get_by_role("button", name="Enviar", exact=True)).to_be_disabled()
    box.press("Enter")
    expect(box).to_have_value("a" * 4100)
    box.fill("")


def test_a_message_is_scheduled_changed_and_cancelled(desk: Page, line: Line) -> None:
    ana = line.client("Ana Luego")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("Feliz viernes")
    desk.get_by_role("button", name="Adjuntar y más").click()
    desk.get_by_role("menuitem", name="Programar mensaje").click()
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_label("Mensaje")).to_have_value("Feliz viernes")
    dialog.get_by_role("button", name="Programar").click()
    expect(dialog).to_have_count(0)
    waiting = desk.locator(".later__one")
    expect(waiting).to_contain_text("Feliz viernes")
    expect(desk.locator(".notice", has_text="programó un mensaje")).to_be_visible()
    waiting.locator("summary").click()
    waiting.get_by_role("button", name="Cancelar el envío").click()
    expect(waiting).to_have_count(0)
    assert line.sent_to(ana) == []


def test_buttons_are_built_with_a_preview_and_sent(desk: Page, line: Line) -> None:
    ana = line.client("Ana Botones")
    ana.says("hola")
    open_chat(desk, ana)
    desk.get_by_role("button", name="Adjuntar y más").click()
    desk.get_by_role("menuitem", name="Botones").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Texto").fill("¿Confirmas tu cita?")
    dialog.get_by_label("Botón 1").fill("Sí, confirmo")
    dialog.get_by_label("Botón 2").fill("Sí, confirmo")
    expect(dialog.locator("[data-preview-options] li")).to_have_count(2)
    dialog.get_by_role("button", name="Enviar").click()
    expect(dialog.get_by_text("dos opciones iguales")).to_be_visible()
    dialog.get_by_label("Botón 2").fill("Cambiarla")
    dialog.get_by_role("button", name="Enviar").click()
    expect(dialog).to_have_count(0)
    expect(bubble(desk, "¿Confirmas tu cita?").locator(".options li")).to_have_count(2)


def test_a_message_is_forwarded_to_another_chat(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Reenvía"), line.client("Beto Recibe")
    beto.says("buenas")
    ana.says("la clave del portón es verde")
    open_chat(desk, ana)
    said = bubble(desk, "la clave del portón es verde")
    said.focus()
    desk.keyboard.press("f")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("Buscar chat").fill("recibe")
    dialog.get_by_label("Beto Recibe").check()
    dialog.get_by_role("button", name="Reenviar").click()
    expect(desk.get_by_text("Reenviado a un chat")).to_be_visible()
    assert line.received_by(beto, 1) == ["la clave del portón es verde"]


def test_a_template_is_sent_where_the_window_is_closed(desk: Page, line: Line) -> None:
    ana = line.client("Ana Vencida")
    ana.says("hola", seconds_ago=26 * 3600)
    line.run(
        "from tenants.models import WhatsAppNumber\n"
        "WhatsAppNumber.objects.filter(phone_number_id='111').update(waba_id='9111')\n"
    )
    open_chat(desk, ana)
    desk.get_by_role("button", name="Enviar plantilla").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_placeholder("Buscar plantilla").fill("retomar")
    dialog.locator("summary", has_text="retomar_conversacion").click()
    expect(dialog.locator("[data-preview]:visible")).to_contain_text("Hola Ana,")
    dialog.get_by_role("button", name="Enviar plantilla").click()
    expect(dialog).to_have_count(0)
    expect(desk.locator(".bubble", has_text="seguimos atentos a tu solicitud")).to_be_visible()
