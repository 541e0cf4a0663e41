"""What a message looks like, what hangs on it, and what can be done with it."""

import re
import time
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from tests.browser.line import Client, Line, post
from tests.browser.test_inbox import bubble, open_chat, open_read_chat

CHAT = "from conversations.models import Conversation, Message\nfrom django.utils import timezone\n"


def in_chat(line: Line, client: Client, code: str) -> None:
    """Python with `chat` and `say(body, **columns)`, a message of ours."""
    line.run(
        f"{CHAT}chat = Conversation.objects.get(contact__wa_id='{client.wa_id}')\n"
        "def say(body, **columns):\n"
        "    own = dict(direction='out', kind='text', status='read', author='bot')\n"
        "    own |= dict(at=timezone.now(), payload={'type': 'text'})\n"
        "    columns = own | columns\n"
        f"    return Message.objects.create(conversation=chat, body=body, **columns)\n{code}"
    )


def receipts(line: Line, wamid: str, *statuses: str) -> None:
    for status in statuses:
        receipt = {"id": wamid, "status": status, "timestamp": str(int(time.time()))}
        post(line.url, {"statuses": [receipt | {"recipient_id": "57300"}]})


def menu_items(page: Page) -> list[str]:
    texts: Sequence[str] = page.get_by_role("menuitem").locator("visible=true").all_inner_texts()
    return [text.split("\n")[0].strip() for text in texts]


def open_menu(page: Page, message: Locator) -> None:
    message.hover()
    message.get_by_role("button", name="Más acciones").click()
    expect(page.get_by_role("menu", name="Acciones del mensaje")).to_be_visible()


# Looks ------------------------------------------------------------------------------------------


def test_sides_and_authors_are_told_apart(desk: Page, line: Line) -> None:
    ana = line.client("Ana Autores")
    ana.says("soy la clienta")
    in_chat(
        line,
        ana,
        "from tenants.models import User\n"
        "luz = User.objects.create_user('luz', first_name='Luz', last_name='Mora')\n"
        "say('soy el bot')\nsay('soy Luz', author='agent', agent=luz)",
    )
    echo = {"from": "111", "to": ana.wa_id, "id": f"wamid.eco{time.time()}", "type": "text"}
    echo |= {"timestamp": str(int(time.time())), "text": {"body": "desde el celular"}}
    post(line.url, {"message_echoes": [echo]}, field="smb_message_echoes")
    open_chat(desk, ana)
    words = ("soy la clienta", "soy el bot", "soy Luz", "desde el celular")
    boxes = [bubble(desk, text).locator(".bubble__box") for text in words]
    pane = desk.locator("[data-log]").bounding_box()
    middle = pane["x"] + pane["width"] / 2 if pane else 0
    sides = [box.bounding_box()["x"] + 20 < middle for box in boxes]  # type: ignore[index]
    assert sides == [True, False, False, False]
    colours = [box.evaluate("e => getComputedStyle(e).backgroundColor") for box in boxes]
    assert len(set(colours)) == 4
    names = [box.locator(".bubble__who").inner_text() for box in boxes[1:]]
    assert names == ["Bot", "Luz Mora", "Celular"]
    icons = [box.locator(".bubble__who use").get_attribute("href") or "" for box in boxes[1:]]
    assert [icon.rpartition("#")[2] for icon in icons] == ["bot", "person", "phone"]


def test_whatsapps_marks_links_and_emojis_are_rendered_and_html_is_not(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Formato")
    ana.says("*negrita* _cursiva_ ~tachado~ ```mono``` https://ejemplo.co 😀 <b onclick=x>no</b>")
    open_chat(desk, ana)
    text = desk.locator(".bubble__text")
    for tag, words in (("strong", "negrita"), ("em", "cursiva"), ("s", "tachado")):
        expect(text.locator(tag)).to_have_text(words)
    expect(text.locator("code")).to_have_text("mono")
    expect(text.locator("a")).to_have_attribute("href", "https://ejemplo.co")
    expect(text).to_contain_text("😀 <b onclick=x>no</b>")
    expect(text.locator("b")).to_have_count(0)


def test_a_menu_hangs_below_its_bubble_and_the_tap_marks_the_choice_live(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Menú")
    ana.says("hola")
    in_chat(
        line,
        ana,
        "one = lambda i, t: {'type': 'reply', 'reply': {'id': i, 'title': t}}\n"
        "rows = [{'id': 'x', 'title': 'Express', 'description': '1 día'}]\n"
        "sections = [{'title': 'Envío', 'rows': rows}]\n"
        "def menu(kind, words, **action):\n"
        "    sent = {'type': kind, 'body': {'text': words}, 'action': action}\n"
        "    payload = {'type': 'interactive', 'interactive': sent}\n"
        "    say(words, kind='interactive', payload=payload, wamid=f'wamid.{kind}{chat.pk}')\n"
        "menu('button', '¿Camisas?', buttons=[one('si', 'Sí, claro'), one('no', 'No')])\n"
        "menu('list', '¿Cómo?', button='Ver envíos', sections=sections)",
    )
    open_chat(desk, ana)
    chat = desk.url.rstrip("/").rpartition("/")[2]
    choice = desk.locator(".options__button", has_text="Sí, claro")
    expect(choice).not_to_have_class(re.compile("is-chosen"))

    def tap(kind: str, menu: str, option: str, title: str) -> None:
        reply = {"type": kind, kind: {"id": option, "title": title}}
        context = {"from": "111", "id": f"wamid.{menu}{chat}"}
        ana.says("", type="interactive", interactive=reply, context=context)

    tap("button_reply", "button", "si", "Sí, claro")
    expect(choice).to_have_class(re.compile("is-chosen"))
    expect(choice.get_by_role("img", name="Opción que eligió el cliente")).to_be_visible()
    expect(desk.locator(".options__button.is-chosen")).to_have_count(1)
    desk.get_by_text("Ver envíos").click()
    expect(desk.get_by_text("1 día")).to_be_visible()
    tap("list_reply", "list", "x", "Express")
    expect(desk.get_by_text("Eligió: Express")).to_be_visible()
    expect(desk.get_by_text("1 día")).to_be_visible()  # the list is still open


def test_places_people_and_unknown_kinds_are_readable(desk: Page, line: Line) -> None:
    ana = line.client("Ana Tipos")
    place = {"latitude": 4.6, "longitude": -74.1, "name": "La bodega", "address": "Calle 1 # 2-3"}
    person = {"name": {"formatted_name": "Don Pepe"}, "phones": [{"phone": "+57 300 111 2233"}]}
    ana.says("", type="location", location=place)
    ana.says("", type="contacts", contacts=[person])
    ana.says("", type="holograma")
    open_chat(desk, ana)
    shown = desk.locator("[data-log]")
    expect(shown.get_by_role("link", name="La bodega")).to_have_attribute(
        "href", re.compile("maps.*4.6")
    )
    for words in ("Calle 1 # 2-3", "Don Pepe", "+57 300 111 2233"):
        expect(shown.get_by_text(words)).to_be_visible()
    expect(shown.get_by_text("Mensaje de un tipo no admitido")).to_be_visible()


def test_notes_are_yellow_and_named_and_events_stand_inline(desk: Page, line: Line) -> None:
    ana = line.client("Ana Eventos")
    ana.says("hola")
    in_chat(
        line,
        ana,
        "from conversations.own_rows import add_event, add_note\n"
        "from tenants.models import User\nuser = User.objects.get(username='admin')\n"
        "add_event(chat, 'assigned', agent=user, to='Luz Mora')\n"
        "add_event(chat, 'state', agent=user, to='Pendiente')\n"
        "add_event(chat, 'bot_paused', agent=user)\nadd_note(chat, 'ojo: mayorista', agent=user)",
    )
    open_chat(desk, ana)
    notices = desk.locator(".notice")
    expect(notices).to_have_count(3)
    said = " ".join(notices.all_inner_texts())
    for words in ("admin asignó el chat a Luz Mora", "estado a «Pendiente»", "Bot en pausa"):
        assert words in said
    note = desk.get_by_role("article", name=re.compile("Nota interna de admin ojo: mayorista"))
    red, green, blue = note.locator(".bubble__box").evaluate(
        "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert min(red, green) > blue + 20


# Ticks ------------------------------------------------------------------------------------------


def test_a_tick_goes_forward_only_and_its_bubble_stays_the_same_element(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Avanza")
    ana.says("hola")
    box = open_chat(desk, ana)
    box.fill("mira los ticks")
    box.press("Enter")
    ours = bubble(desk, "mira los ticks")
    expect(ours.get_by_role("img", name="Enviado")).to_be_visible()
    line.received_by(ana, 1)
    own = [webhook.body for webhook in line.meta.webhooks]
    wamid = own[-1]["entry"][0]["changes"][0]["value"]["statuses"][0]["id"]
    line.meta.webhooks.clear()
    ours.evaluate("e => { window.kept = e; }")
    receipts(line, wamid, "delivered")
    expect(ours.get_by_role("img", name="Entregado")).to_be_visible()
    receipts(line, wamid, "read")
    expect(ours.get_by_role("img", name="Leído")).to_be_visible()
    blue = "getComputedStyle(document.querySelector('.tick--checks-read')).color"
    grey = "getComputedStyle(document.querySelector('.bubble__meta')).color"
    assert desk.evaluate(blue) != desk.evaluate(grey)
    receipts(line, wamid, "delivered", "sent", "failed")
    desk.wait_for_timeout(700)
    expect(ours.get_by_role("img", name="Leído")).to_be_visible()
    assert desk.evaluate("window.kept.isConnected")


def test_a_fragment_drawn_earlier_does_not_lower_a_tick(desk: Page, line: Line) -> None:
    ana = line.client("Ana Vieja")
    ana.says("hola")
    in_chat(line, ana, "say('ya leído', status='read')")
    open_chat(desk, ana)
    ours = bubble(desk, "ya leído")
    desk.locator("wa-thread").evaluate(
        """(thread) => {
        const old = [...thread.querySelectorAll(".bubble")].at(-1).cloneNode(true);
        old.dataset.rank = "3";
        old.querySelector(".tick").textContent = "viejo";
        thread.take(old.outerHTML);
        }"""
    )
    expect(ours.get_by_role("img", name="Leído")).to_be_visible()
    expect(ours).not_to_contain_text("viejo")


def test_a_failed_message_says_why_and_is_sent_again(desk: Page, line: Line) -> None:
    ana = line.client("Ana Falla")
    ana.says("hola")
    line.meta.fail_next(131042, to=ana.wa_id)
    box = open_chat(desk, ana)
    box.fill("¿llega?")
    box.press("Enter")
    line.received_by(ana, 1)
    line.deliver_receipts()
    ours = bubble(desk, "¿llega?")
    expect(ours.get_by_role("img", name="No enviado")).to_be_visible()
    expect(ours.locator(".bubble__error")).not_to_be_empty()
    ours.get_by_role("button", name="Reintentar").click()
    expect(ours.get_by_role("img", name="Enviado", exact=True)).to_be_visible()
    expect(ours.locator(".bubble__error")).to_have_count(0)
    expect(ours).to_contain_text("Reenviado por admin")


# Reactions --------------------------------------------------------------------------------------


def test_a_reaction_to_an_old_message_on_screen_appears_and_leaves_live(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Reacciona")
    old = ana.says("la primera de todas")
    ana.says(*[f"sigue {number}" for number in range(55)])
    open_read_chat(desk, ana)
    desk.locator("[data-log]").evaluate("e => { e.scrollTop = 0; }")
    target = bubble(desk, "la primera de todas")
    expect(target).to_be_in_viewport()
    ana.says("", type="reaction", reaction={"message_id": old, "emoji": "👍"})
    expect(target.locator(".reactions")).to_contain_text("👍")
    expect(target.locator(".reactions")).to_contain_text("Ana Reacciona")
    expect(desk.locator(".bubble")).to_have_count(56)
    ana.says("", type="reaction", reaction={"message_id": old})
    expect(target.locator(".reactions")).to_have_count(0)


# Actions ----------------------------------------------------------------------------------------


def test_the_menu_of_a_message_copies_answers_and_informs(desk: Page, line: Line) -> None:
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ana = line.client("Ana Acciones")
    ana.says("cópiame *esto*")
    open_chat(desk, ana)
    message = desk.locator(".bubble")
    open_menu(desk, message)
    assert menu_items(desk) == ["Responder", "Reaccionar", "Reenviar", "Copiar", "Información"]
    desk.get_by_role("menuitem", name="Copiar").click()
    expect(desk.locator("#say")).to_have_text("Mensaje copiado")
    assert desk.evaluate("navigator.clipboard.readText()") == "cópiame esto"
    open_menu(desk, message)
    desk.get_by_role("menuitem", name="Responder").click()
    expect(desk.locator("[data-quote-text]")).to_have_text("cópiame esto")
    open_menu(desk, message)
    desk.get_by_role("menuitem", name="Información").click()
    info = desk.get_by_role("dialog", name="Información del mensaje")
    for words in ("Ana Acciones", "Enviado", "Recibido aquí"):
        expect(info.get_by_text(words).first).to_be_visible()
    assert re.search(r"\d\d:\d\d:\d\d", info.inner_text())
    info.get_by_role("button", name="Cerrar").click()
    expect(info).to_have_count(0)


def test_messages_are_walked_and_acted_on_by_keyboard(desk: Page, line: Line) -> None:
    ana = line.client("Ana Teclas")
    ana.says("uno", "dos", "tres")
    in_chat(line, ana, "now = timezone.now()\nsay('nuestro', delivered_at=now, read_at=now)")
    open_chat(desk, ana)
    desk.locator("[data-log]").focus()
    desk.keyboard.press("ArrowUp")
    expect(bubble(desk, "nuestro")).to_be_focused()
    desk.keyboard.press("ArrowUp")
    expect(bubble(desk, "tres")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("menuitem", name="Responder")).to_be_focused()
    desk.keyboard.press("End")
    expect(desk.get_by_role("menuitem", name="Información")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("menu")).to_have_count(0)
    expect(bubble(desk, "tres")).to_be_focused()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("i")
    info = desk.get_by_role("dialog", name="Información del mensaje")
    for label in ("En cola", "Entregado", "Leído"):
        expect(info.locator("dt", has_text=label)).to_be_visible()
    desk.keyboard.press("Escape")
    expect(info).to_have_count(0)
    expect(bubble(desk, "nuestro")).to_be_focused()
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("r")
    expect(desk.locator("[data-quote-text]")).to_have_text("tres")
    expect(desk.get_by_label("Mensaje", exact=True)).to_be_focused()


def test_on_a_phone_a_tap_shows_the_actions_within_the_screen(phone: Page, line: Line) -> None:
    ana = line.client("Ana Toca")
    ana.says("tócame")
    open_chat(phone, ana)
    more = bubble(phone, "tócame").get_by_role("button", name="Más acciones")
    expect(more).to_be_hidden()
    bubble(phone, "tócame").locator(".bubble__text").tap()
    expect(more).to_be_visible()
    more.tap()
    menu = phone.get_by_role("menu", name="Acciones del mensaje")
    place = menu.bounding_box()
    assert place
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 390
    assert place["y"] + place["height"] <= 844
    heights = [item.bounding_box() for item in menu.get_by_role("menuitem").all()]
    assert all(box is None or box["height"] >= 44 for box in heights)


# For those who do not see -----------------------------------------------------------------------


def test_the_thread_is_a_polite_log_whose_messages_name_sender_time_and_status(
    desk: Page, line: Line
) -> None:
    ana = line.client("Ana Oye")
    ana.says("¿me oyes?")
    in_chat(line, ana, "say('te oigo', status='delivered')")
    open_chat(desk, ana)
    log = desk.get_by_role("log", name="Mensajes")
    expect(log).to_have_attribute("aria-live", "polite")
    theirs = re.compile(r"^Ana Oye ¿me oyes\? \d\d:\d\d$")
    expect(log.get_by_role("article", name=theirs)).to_have_count(1)
    ours = re.compile(r"^Bot te oigo .*\d\d:\d\d Entregado$")
    expect(log.get_by_role("article", name=ours)).to_have_count(1)
