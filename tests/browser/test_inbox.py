"""The inbox as an agent uses it: a real browser, a real server, live events."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.line import Client, Line


def open_chat(page: Page, client: Client) -> Locator:
    """Open the client's chat from the list; returns the reply box."""
    page.goto("/")
    page.get_by_role("link", name=client.name).click()
    expect(page.locator("#chat .head__name")).to_have_text(client.name)
    return page.get_by_label("Mensaje", exact=True)


def open_read_chat(page: Page, client: Client) -> Locator:
    """Open a chat in which nothing is unread: it opens at its end."""
    open_chat(page, client)
    expect(page.locator(".row", has_text=client.name).locator(".badge")).to_have_count(0)
    return open_chat(page, client)


def bubble(page: Page, text: str) -> Locator:
    return page.locator(".bubble", has=page.get_by_text(text, exact=True))


def is_at_end(page: Page) -> bool:
    return bool(
        page.locator("[data-log]").evaluate(
            "e => e.scrollHeight - e.scrollTop - e.clientHeight < 5"
        )
    )


# Live -------------------------------------------------------------------------------------------


def test_a_new_message_appears_without_reload_and_its_row_rises(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Viva"), line.client("Beto Vivo")
    ana.says("hola")
    beto.says("buenas")
    box = open_chat(desk, ana)
    expect(desk.locator(".row__name").first).to_have_text("Beto Vivo")
    box.fill("estoy escribiendo")
    ana.says("¿siguen ahí?")
    expect(bubble(desk, "¿siguen ahí?")).to_be_visible()
    expect(desk.locator(".row__name").first).to_have_text("Ana Viva")
    expect(box).to_have_value("estoy escribiendo")
    assert is_at_end(desk)


def test_edits_and_deletions_show_in_the_open_chat_without_reload(desk: Page, line: Line) -> None:
    ana = line.client("Ana Corrige")
    wrong, gone = ana.says("nos vemos el juebes"), ana.says("mi clave es 1234")
    open_chat(desk, ana)
    words = {"type": "text", "text": {"body": "nos vemos el jueves"}}
    ana.says("", type="edit", edit={"original_message_id": wrong, "message": words})
    ana.says("", type="revoke", revoke={"original_message_id": gone})
    expect(bubble(desk, "nos vemos el jueves")).to_contain_text("editado")
    expect(desk.get_by_text("nos vemos el juebes", exact=True)).to_be_hidden()
    desk.get_by_text("Ver lo que decía antes").click()
    expect(desk.get_by_text("nos vemos el juebes", exact=True)).to_be_visible()
    expect(desk.get_by_text("Se eliminó este mensaje")).to_be_visible()
    expect(desk.get_by_text("mi clave es 1234")).to_have_count(0)


def test_an_unseen_chat_gets_a_badge_and_looking_at_it_takes_it_away(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Insignia")
    desk.goto("/")
    ana.says("uno", "dos")
    row = desk.locator(".row", has_text="Ana Insignia")
    expect(row.locator(".badge")).to_contain_text("2")
    expect(desk).to_have_title(re.compile(r"^\(\d+\) whapco$"))
    row.get_by_role("link").click()
    expect(bubble(desk, "dos")).to_be_visible()
    expect(row.locator(".badge")).to_have_count(0)


def test_without_live_events_the_page_polls(desk: Page, line: Line) -> None:
    ana = line.client("Ana Sondeo")
    ana.says("hola")
    desk.route("**/eventos", lambda route: route.fulfill(status=204))
    open_chat(desk, ana)
    ana.says("llegué por sondeo")
    expect(bubble(desk, "llegué por sondeo")).to_be_visible()


def test_a_lost_connection_is_told_and_caught_up(desk: Page, line: Line) -> None:
    ana = line.client("Ana Corte")
    ana.says("hola")
    open_chat(desk, ana)
    desk.context.set_offline(True)
    ana.says("durante el corte")
    desk.context.set_offline(False)
    expect(bubble(desk, "durante el corte")).to_be_visible()
    expect(desk.locator(".bubble")).to_have_count(2)


def test_ticks_move_live(desk: Page, line: Line) -> None:
    ana = line.client("Ana Ticks")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("ya te cuento")
    box.press("Enter")
    expect(bubble(desk, "ya te cuento").get_by_role("img", name="Enviado")).to_be_visible()
    line.received_by(ana, 1)
    line.deliver_receipts()
    reached = re.compile("Entregado|Leído")
    expect(bubble(desk, "ya te cuento").get_by_role("img", name=reached)).to_be_visible()


# Reading ----------------------------------------------------------------------------------------


def test_a_long_thread_opens_at_its_end_and_loads_older_pages_without_jumping(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Larga")
    ana.says(*[f"mensaje {number}" for number in range(150)])
    open_read_chat(desk, ana)
    expect(desk.locator(".bubble")).to_have_count(60)
    assert is_at_end(desk)
    desk.locator("[data-log]").evaluate("e => { e.scrollTop = 0; }")
    expect(desk.locator(".bubble")).not_to_have_count(60)
    assert bubble(desk, "mensaje 90").evaluate("e => e.getBoundingClientRect().top > -2000")
    for _page in range(2):
        desk.locator("[data-log]").evaluate("e => { e.scrollTop = 0; }")
        desk.wait_for_timeout(300)
    expect(desk.locator(".bubble")).to_have_count(150)
    texts = desk.locator(".bubble__text").all_inner_texts()
    assert texts == [f"mensaje {number}" for number in range(150)]


def test_away_from_the_end_a_new_message_is_counted_and_nothing_moves(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Arriba")
    ana.says(*[f"línea {number}" for number in range(50)])
    open_chat(desk, ana)
    desk.locator("[data-log]").evaluate("e => { e.scrollTop = 400; }")
    before = bubble(desk, "línea 12").bounding_box()
    ana.says("novedad")
    jump = desk.get_by_role("button", name="mensajes nuevos, ir al final")
    expect(jump).to_contain_text("1")
    assert bubble(desk, "línea 12").bounding_box() == before
    jump.click()
    expect(bubble(desk, "novedad")).to_be_in_viewport()
    expect(jump).to_be_hidden()


def test_what_a_client_writes_is_never_executed(desk: Page, line: Line) -> None:
    name = "<img src=x onerror=document.title='robado'>"
    mallory = line.client(name)
    mallory.says("<script>document.title='robado'</script> *ojo* javascript:alert(1)")
    open_chat(desk, mallory)
    expect(desk.locator(".bubble strong")).to_have_text("ojo")
    assert desk.locator(".bubble script, .row img, .head img").count() == 0
    assert "robado" not in desk.title()


def test_a_quote_leads_to_its_original(desk: Page, line: Line) -> None:
    ana = line.client("Ana Cita")
    asked = ana.says("¿Cuánto vale?")
    ana.says(*[f"y {number}" for number in range(40)])
    ana.says("eso", context={"from": ana.wa_id, "id": asked})
    open_read_chat(desk, ana)
    original = desk.locator(".bubble").first
    expect(original).not_to_be_in_viewport()
    desk.locator("a.quote").click()
    expect(original).to_be_in_viewport()
    expect(original).to_have_class(re.compile("is-found"))


# Writing ----------------------------------------------------------------------------------------


def test_enter_sends_and_shift_enter_breaks_the_line(desk: Page, line: Line) -> None:
    ana = line.client("Ana Enter")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.press_sequentially("uno")
    box.press("Shift+Enter")
    box.press_sequentially("dos")
    expect(box).to_have_value("uno\ndos")
    box.press("Enter")
    expect(box).to_have_value("")
    expect(desk.locator(".bubble--out .bubble__text")).to_have_text("uno\ndos")
    assert line.received_by(ana, 1) == ["uno\ndos"]


def test_enter_while_composing_an_accent_does_not_send(desk: Page, line: Line) -> None:
    ana = line.client("Ana Acento")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("caf´")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    desk.wait_for_timeout(300)
    expect(box).to_have_value("caf´")
    assert line.sent_to(ana) == []


def test_two_clicks_and_two_enters_send_once(desk: Page, line: Line) -> None:
    ana = line.client("Ana Doble")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("por clic")
    desk.get_by_role("button", name="Enviar").dblclick()
    expect(bubble(desk, "por clic")).to_have_count(1)
    box.fill("por tecla")
    box.press("Enter")
    box.press("Enter")
    expect(bubble(desk, "por tecla")).to_have_count(1)
    desk.wait_for_timeout(500)
    assert line.received_by(ana, 2) == ["por clic", "por tecla"]


def test_a_lost_answer_is_asked_for_again_and_the_message_is_sent_once(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Perdida")
    ana.says("hola")
    box = open_chat(desk, ana)

    def lose_the_answer(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]  # it arrived; its answer does not
        route.abort()  # type: ignore[attr-defined]

    desk.route("**/responder", lose_the_answer, times=1)
    box.fill("una sola vez")
    box.press("Enter")
    expect(box).to_have_value("")
    expect(desk.get_by_text("se enviará al volver")).to_be_visible()
    expect(desk.locator(".bubble.is-pending")).to_have_count(0)
    expect(bubble(desk, "una sola vez")).to_have_count(1)
    assert line.received_by(ana, 1) == ["una sola vez"]


def test_switching_chats_carries_no_text_and_keeps_each_draft(desk: Page, line: Line) -> None:
    ana, beto = line.client("Ana Borrador"), line.client("Beto Borrador")
    ana.says("hola")
    beto.says("hola")
    open_chat(desk, ana).fill("solo para Ana")
    desk.get_by_role("link", name="Beto Borrador").click()
    expect(desk.locator("#chat .head__name")).to_have_text("Beto Borrador")
    expect(desk.get_by_label("Mensaje", exact=True)).to_have_value("")
    assert "/chats/" in desk.url
    desk.go_back()
    expect(desk.locator("#chat .head__name")).to_have_text("Ana Borrador")
    expect(desk.get_by_label("Mensaje", exact=True)).to_have_value("solo para Ana")


def test_a_closed_window_says_why_and_opens_when_the_client_writes(desk: Page, line: Line) -> None:
    ana = line.client("Ana Cerrada")
    ana.says("hace mucho", seconds_ago=25 * 3600)
    box = open_chat(desk, ana)
    expect(box).to_be_disabled()
    expect(desk.get_by_text("Pasaron más de 24 horas")).to_be_visible()
    ana.says("ya volví")
    expect(box).to_be_enabled()
    expect(desk.get_by_text("Pasaron más de 24 horas")).to_be_hidden()


def test_quoting_shows_the_original_above_the_answer(desk: Page, line: Line) -> None:
    ana = line.client("Ana Pregunta")
    ana.says("¿Precio de 20?")
    box = open_chat(desk, ana)
    bubble(desk, "¿Precio de 20?").hover()
    desk.get_by_role("button", name="Responder a este mensaje").click()
    expect(desk.locator("[data-quote-text]")).to_have_text("¿Precio de 20?")
    box.fill("500.000")
    box.press("Enter")
    answer = desk.locator(".bubble--out", has_text="500.000")
    expect(answer.locator(".quote__text")).to_have_text("¿Precio de 20?")
    expect(desk.locator("[data-quoting]")).to_be_hidden()


def test_a_chat_goes_to_the_agent_back_to_the_bot_and_is_finished(desk: Page, line: Line) -> None:
    ana = line.client("Ana Turnos")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("te atiendo yo")
    box.press("Enter")
    head = desk.locator("[data-head]")
    back = head.locator("[data-work-menu=bot] summary")
    expect(back).to_contain_text("Bot en pausa")
    back.click()
    head.get_by_label("Paso (opcional)").fill("no_existe")
    head.get_by_role("button", name="Devolver al bot").click()
    expect(head.get_by_role("alert")).to_have_text("Ninguna regla tiene ese paso.")
    head.get_by_label("Paso (opcional)").fill("")
    head.get_by_role("button", name="Devolver al bot").click()
    expect(head.locator(".state--bot")).to_be_visible()
    head.get_by_label("Finalizar chat").click()
    head.get_by_role("button", name="Finalizar chat").click()
    expect(desk.locator(".by-system")).to_contain_text("Tu sesión ha terminado")


# Looks ------------------------------------------------------------------------------------------


def test_panes_scroll_and_the_page_never_does(desk: Page, line: Line) -> None:
    ana = line.client("Ana Paneles")
    ana.says(*[f"texto {number}" for number in range(40)])
    for number in range(12):
        line.client(f"Relleno {number}").says("hola")
    open_chat(desk, ana)
    page = desk.evaluate("[document.scrollingElement.scrollHeight, innerHeight]")
    assert page[0] == page[1]
    assert desk.locator("wa-list").evaluate("e => e.scrollHeight > e.clientHeight")


def test_on_a_phone_list_and_chat_are_separate_screens(phone: Page, line: Line) -> None:
    ana = line.client("Ana Celular")
    ana.says(*[f"texto {number}" for number in range(30)])
    open_chat(phone, ana)
    expect(phone.locator(".side")).to_be_hidden()
    expect(phone.locator("#unread")).to_be_in_viewport()
    phone.go_back()
    expect(phone.get_by_role("link", name="Ana Celular")).to_be_visible()
    expect(phone.locator("#chat")).to_be_hidden()
    open_chat(phone, ana)
    phone.get_by_role("link", name="Volver a los chats").click()
    expect(phone.get_by_role("link", name="Ana Celular")).to_be_visible()


def test_on_a_phone_targets_are_large_and_nothing_is_cut(phone: Page, line: Line) -> None:
    ana = line.client("Ana Dedos")
    ana.says("hola " * 40, "https://ejemplo.co/" + "a" * 200)
    open_chat(phone, ana)
    small = phone.evaluate(
        """() => [...document.querySelectorAll("button, summary, a.tool, textarea")]
        .filter((e) => e.checkVisibility())
        .map((e) => [e.className || e.tagName, e.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44).map(([name]) => name)"""
    )
    assert small == []
    for width in (390, 320):
        phone.set_viewport_size({"width": width, "height": 700})
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert phone.locator("[data-log]").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_theme_is_switched_and_remembered(desk: Page, line: Line) -> None:
    desk.goto("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = desk.evaluate(background)
    desk.get_by_role("button", name="Cambiar entre claro y oscuro").click()
    dark = desk.evaluate(background)
    assert dark != light
    desk.reload()
    assert desk.evaluate(background) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_readable_on_every_bubble(desk: Page, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    desk.goto("/")
    pairs = [
        (ink, paper)
        for ink in ("ink", "soft", "link", "accent")
        for paper in ("panel", "theirs", "bot", "agent", "phone", "raised", "active")
    ]
    pairs += [("warn", "warn-bg"), ("danger", "danger-bg"), ("on-accent", "accent")]
    low = {pair: contrast(desk, *pair) for pair in pairs if contrast(desk, *pair) < 4.5}
    assert low == {}


def contrast(page: Page, ink: str, paper: str) -> float:
    """WCAG 2.2 contrast of two of our colours, as the browser resolves them."""
    resolved = page.evaluate(
        """(names) => names.map((name) => {
        const probe = document.createElement("i");
        probe.style.color = `var(--wa-${name})`;
        document.body.append(probe);
        const found = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
        probe.remove();
        return found;
        })""",
        [ink, paper],
    )
    lighter, darker = sorted((luminance(colour) for colour in resolved), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: list[float]) -> float:
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
