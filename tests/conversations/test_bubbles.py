"""Every kind of message has something to show, whatever Meta leaves out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conversations.bubbles import Card, Option, parts_of, text_of_edit

PAYLOADS = Path(__file__).parent.parent / "data" / "whatsapp" / "payloads.json"


def messages() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in json.loads(PAYLOADS.read_text(encoding="utf-8")).items():
        for entry in body.get("entry", []):
            for change in entry.get("changes", []):
                value = change.get("value", {})
                for message in value.get("messages", []) + value.get("message_echoes", []):
                    yield name, message


RECEIVED = list(messages())


@pytest.mark.parametrize(("name", "message"), RECEIVED, ids=[name for name, _ in RECEIVED])
def test_no_recorded_message_breaks_its_bubble(name: str, message: dict[str, Any]) -> None:
    parts_of(str(message.get("type")), "", message)


@pytest.mark.parametrize("junk", [None, [], "x", 7, {"interactive": 3}, {"contacts": [None, 1]}])
@pytest.mark.parametrize(
    "kind", ["image", "interactive", "location", "contacts", "order", "template", "audio", "futuro"]
)
def test_junk_in_the_payload_is_left_out(kind: str, junk: object) -> None:
    parts_of(kind, "hola", junk)
    parts_of(kind, "hola", {kind: junk, "referral": junk, "errors": junk})


def test_text_is_shown_as_it_is() -> None:
    assert parts_of("text", "hola", {"text": {"body": "hola"}}).text == "hola"
    assert parts_of("text", "hola", {}).cards == ()


@pytest.mark.parametrize(
    ("kind", "payload", "title"),
    [
        ("image", {}, "Imagen"),
        ("video", {}, "Video"),
        ("audio", {"audio": {"voice": True}}, "Nota de voz"),
        ("audio", {"audio": {"voice": False}}, "Audio"),
        ("document", {}, "Documento"),
        ("sticker", {}, "Sticker"),
        ("location", {"location": {"latitude": 0, "longitude": 0}}, "Ubicación"),
        ("contacts", {}, "Contacto"),
        ("order", {}, "Pedido"),
        ("template", {}, "Plantilla"),
        ("unsupported", {}, "WhatsApp no entrega aquí este tipo de mensaje"),
        ("holograma", {}, "Mensaje de un tipo no admitido"),
    ],
)
def test_each_kind_has_a_placeholder(kind: str, payload: dict[str, Any], title: str) -> None:
    assert [card.title for card in parts_of(kind, "", payload).cards] == [title]


def test_a_file_name_cannot_hide_its_ending() -> None:
    payload = {"document": {"filename": "pedido\u202efdp.exe"}}
    assert parts_of("document", "", payload).cards[0].detail == "pedidofdp.exe"


def test_a_location_at_zero_still_has_a_map() -> None:
    card = parts_of("location", "", {"location": {"latitude": 0, "longitude": 0}}).cards[0]
    assert card.url == "https://www.google.com/maps?q=0%2C0"


def test_an_ad_never_links_to_a_script() -> None:
    payload = {"referral": {"headline": "Oferta", "source_url": "javascript:alert(1)"}}
    ad = parts_of("text", "hola", payload).cards[0]
    assert ad == Card("ad", "Oferta", "", (("Llegó por", "Anuncio"),), "")


def test_reply_buttons_and_list_show_their_options() -> None:
    buttons = {"buttons": [{"type": "reply", "reply": {"id": "si", "title": "Sí"}}]}
    sent = {"interactive": {"type": "button", "body": {"text": "¿Va?"}, "action": buttons}}
    assert parts_of("interactive", "", sent).buttons == (Option("Sí", id="si"),)
    rows = [{"id": "a", "title": "Express", "description": "1 día"}]
    action = {"button": "Ver", "sections": [{"title": "Rápido", "rows": rows}]}
    parts = parts_of("interactive", "Elige", {"interactive": {"type": "list", "action": action}})
    assert (parts.text, parts.menu) == ("Elige", "Ver")
    assert parts.sections[0].options == (Option("Express", "1 día", "a"),)


def test_a_tap_is_just_the_clients_text() -> None:
    payload = {"interactive": {"type": "button_reply", "button_reply": {"id": "a", "title": "Sí"}}}
    parts = parts_of("interactive", "Sí", payload)
    assert (parts.text, parts.cards, parts.buttons) == ("Sí", (), ())


def test_a_forms_answer_is_a_card_of_its_fields() -> None:
    answers = '{"flow_token": "x", "fecha_entrega": "2026-12-01", "extras": ["a", "b"], "ok": true}'
    payload = {"interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": answers}}}
    assert parts_of("interactive", "Sent", payload).cards[0].fields == (
        ("Fecha entrega", "2026-12-01"),
        ("Extras", "a, b"),
        ("Ok", "Sí"),
    )


def test_a_broken_forms_answer_is_shown_as_it_came() -> None:
    payload = {"interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": '{"a": '}}}
    assert parts_of("interactive", "", payload).cards[0].detail == '{"a":'


def test_an_edit_brings_its_new_text() -> None:
    payload = {"edit": {"message": {"type": "text", "text": {"body": "jueves"}}}}
    assert text_of_edit(payload) == "jueves"
    assert text_of_edit({"edit": {"message": {"type": "image", "image": {"caption": "c"}}}}) == "c"
    assert text_of_edit({}) == ""
