"""Words mended or taken back in WhatsApp, as agents see them. Each side only its own."""

from typing import Any

import pytest
from django.test import Client

from conversations.models import Message
from conversations.selectors import thread
from conversations.threads import Bubble, bubbles_of
from tests.journeys.shop import ANA, Json, Shop, incoming, seconds_ago

GONE = "Se eliminó este mensaje"


def edit(target: str, text: str) -> Json:
    words = {"type": "text", "text": {"body": text}}
    return {"original_message_id": target, "message": words}


def page(shop: Shop, path: str = "") -> str:
    """The chat in the browser of someone who sees all chats."""
    with shop.inside():
        shop.role("admin")
        user = shop.agent("jefa", "admin")
    client = Client(headers={"X-Tenant-ID": shop.tenant.key})
    client.post("/login", {"username": user.username, "password": "Clave-1234"})
    return client.get(path or f"/chats/{shop.chat().pk}/").content.decode()


def bubbles(shop: Shop) -> dict[str, Bubble]:
    """By wamid."""
    chat = shop.chat()
    with shop.inside():
        return {b.message.wamid or "": b for b in bubbles_of(chat, thread(chat))}


def echo(kind: str, content: Any, wamid: str) -> Json:
    return {
        "from": "15550000111",
        "to": ANA,
        "id": wamid,
        "timestamp": seconds_ago(0),
        "type": kind,
        kind: content,
    }


def test_an_edited_message_shows_the_new_text_and_keeps_the_old_one(shop: Shop) -> None:
    wamid = shop.says("el juebes")
    shop.sends(incoming("edit", edit(wamid, "el jueves")))
    shop.sends(incoming("edit", edit(wamid, "el viernes")))
    bubble = bubbles(shop)[wamid]
    assert bubble.text == "el viernes"
    assert bubble.earlier_texts == ("el juebes", "el jueves")
    html = page(shop)
    assert "Ver lo que decía antes" in html
    assert html.count("el jueves") == 1  # its notice does not repeat it
    assert shop.messages(wamid=wamid)[0].body == "el juebes"


def test_the_caption_of_an_edited_image_changes_and_the_image_stays(shop: Shop) -> None:
    wamid = shop.sends(incoming("image", {"id": "1", "caption": "rojo"}))
    words = {"type": "image", "image": {"id": "1", "caption": "azul"}}
    shop.sends(incoming("edit", {"original_message_id": wamid, "message": words}))
    bubble = bubbles(shop)[wamid]
    assert (bubble.text, bubble.earlier_texts) == ("azul", ("rojo",))
    assert [card.icon for card in bubble.parts.cards] == ["image"]


def test_an_edit_that_comes_before_its_message_is_shown_with_it(shop: Shop) -> None:
    shop.sends(incoming("edit", edit("wamid.late", "corregido")))
    assert "corregido" in page(shop)
    shop.says("primero", wamid="wamid.late")
    assert bubbles(shop)["wamid.late"].text == "corregido"


def test_a_deleted_message_is_hidden_everywhere_and_kept_in_the_database(shop: Shop) -> None:
    wamid = shop.says("mi clave es 1234")
    shop.says("perdón", context={"id": wamid})
    shop.sends(incoming("edit", edit(wamid, "mi clave era 9876")))
    shop.sends(incoming("revoke", {"original_message_id": wamid}))
    html = page(shop)
    assert html.count(GONE) == 2  # the bubble, and the answer that quotes it
    assert "1234" not in html
    assert "9876" not in html
    assert "Se eliminó un mensaje" in html  # the list's last words
    assert shop.messages(wamid=wamid)[0].body == "mi clave es 1234"


def test_what_the_owner_mends_on_the_phone_is_mended_here(shop: Shop) -> None:
    shop.says("hola")
    first = echo("text", {"body": "cuesta 10"}, "wamid.a")
    mended = echo("edit", edit("wamid.a", "cuesta 12"), "wamid.b")
    second = echo("text", {"body": "me equivoqué"}, "wamid.c")
    gone = echo("revoke", {"original_message_id": "wamid.c"}, "wamid.d")
    echoes = [first, mended, second, gone]
    shop.post(shop.envelope("smb_message_echoes", message_echoes=echoes))
    found = bubbles(shop)
    assert (found["wamid.a"].text, found["wamid.a"].who) == ("cuesta 12", "Celular")
    assert found["wamid.c"].revoked
    assert found["wamid.a"].message.direction == Message.Direction.OUT


@pytest.mark.parametrize("kind", ["edit", "revoke"])
def test_nobody_touches_what_the_other_side_wrote(shop: Shop, kind: str) -> None:
    shop.rules("menu_principal|iniciar|Cuesta 10")
    shop.says("hola")
    ours = shop.last_sent().wamid or ""
    content = edit(ours, "Cuesta 1") if kind == "edit" else {"original_message_id": ours}
    shop.sends(incoming(kind, content))
    bubble = bubbles(shop)[ours]
    assert (bubble.text, bubble.revoked, bubble.edits) == ("Cuesta 10", False, ())


def test_an_edit_without_words_changes_nothing(shop: Shop) -> None:
    wamid = shop.says("hola")
    shop.sends(incoming("edit", {"original_message_id": wamid, "message": {"type": "x"}}))
    assert bubbles(shop)[wamid].text == "hola"
