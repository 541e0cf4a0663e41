"""Tapping, filling, reading."""

import json
from typing import Any

import pytest

from tests.meta import FakeMeta
from tests.simulator.calls import CAMILA, answer_of, send, statuses
from whapco.simulator.bubbles import bubble_json
from whapco.simulator.phone import PhoneError


def interactive(content: dict[str, Any]) -> dict[str, Any]:
    envelope = {"messaging_product": "whatsapp", "to": CAMILA, "type": "interactive"}
    return envelope | {"interactive": content}


BUTTONS = interactive(
    {
        "type": "button",
        "body": {"text": "¿Seguimos?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "si", "title": "Sí"}}]},
    }
)
LIST = interactive(
    {
        "type": "list",
        "body": {"text": "Elige"},
        "action": {
            "button": "Ver",
            "sections": [{"rows": [{"id": "r1", "title": "Uno", "description": "el primero"}]}],
        },
    }
)
FLOW = interactive(
    {
        "type": "flow",
        "body": {"text": "Tus datos"},
        "action": {
            "name": "flow",
            "parameters": {
                "flow_message_version": "3",
                "flow_id": "1",
                "flow_cta": "Llenar",
                "flow_token": "ft",
            },
        },
    }
)


def sent(meta: FakeMeta, body: dict[str, Any]) -> str:
    wamid: str = answer_of(send(meta, body))["messages"][0]["id"]
    meta.webhooks.clear()
    return wamid


def received(meta: FakeMeta) -> dict[str, Any]:
    message: dict[str, Any] = meta.webhooks[-1].body["entry"][0]["changes"][0]["value"]["messages"][
        0
    ]
    return message


def test_a_tap_answers_with_the_option_and_its_message(meta: FakeMeta) -> None:
    wamid = sent(meta, BUTTONS)
    meta.phone.tap("111", CAMILA, wamid, "si")
    message = received(meta)
    assert message["interactive"] == {
        "type": "button_reply",
        "button_reply": {"id": "si", "title": "Sí"},
    }
    assert message["context"]["id"] == wamid


def test_a_row_answers_with_its_description(meta: FakeMeta) -> None:
    meta.phone.tap("111", CAMILA, sent(meta, LIST), "r1")
    reply = received(meta)["interactive"]["list_reply"]
    assert reply == {"id": "r1", "title": "Uno", "description": "el primero"}


def test_a_template_button_answers_with_its_payload_or_its_text(meta: FakeMeta) -> None:
    name = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}
    payload = {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "1",
        "parameters": [{"type": "payload", "payload": "NO"}],
    }
    template = {
        "name": "retomar_conversacion",
        "language": {"code": "es"},
        "components": [name, payload],
    }
    body = {
        "messaging_product": "whatsapp",
        "to": CAMILA,
        "type": "template",
        "template": template,
    }
    wamid = sent(meta, body)
    for option, wanted in (("0", "Sí, continuar"), ("1", "NO")):
        meta.phone.tap("111", CAMILA, wamid, option)
        assert received(meta)["button"]["payload"] == wanted


def test_a_form_answers_with_json_in_a_string(meta: FakeMeta) -> None:
    meta.phone.fill_flow("111", CAMILA, sent(meta, FLOW), {"ciudad": "Cali"})
    reply = received(meta)["interactive"]["nfm_reply"]
    assert json.loads(reply["response_json"]) == {"flow_token": "ft", "ciudad": "Cali"}


def test_what_is_not_there_cannot_be_tapped(meta: FakeMeta) -> None:
    wamid = sent(meta, BUTTONS)
    with pytest.raises(PhoneError):
        meta.phone.tap("111", CAMILA, wamid, "no")
    with pytest.raises(PhoneError):
        meta.phone.tap("222", CAMILA, wamid, "si")
    with pytest.raises(PhoneError):
        meta.phone.fill_flow("111", CAMILA, wamid, {})
    with pytest.raises(PhoneError):
        meta.phone.text("999", CAMILA, "hola")
    assert list(meta.webhooks) == []


def test_looking_at_the_chat_reads_what_was_delivered_once(meta: FakeMeta) -> None:
    sent(meta, BUTTONS)
    meta.phone.read("111", CAMILA)
    meta.phone.read("111", CAMILA)
    assert [status["status"] for status in statuses(meta)] == ["read"]


def test_a_voice_note_is_played_once(meta: FakeMeta) -> None:
    link = {"link": "https://example.com/a.ogg", "voice": True}
    audio = {"messaging_product": "whatsapp", "to": CAMILA, "type": "audio", "audio": link}
    wamid = sent(meta, audio)
    meta.phone.play("111", CAMILA, wamid)
    meta.phone.read("111", CAMILA)
    meta.phone.play("111", CAMILA, wamid)
    meta.phone.play("111", CAMILA, wamid)
    assert [status["status"] for status in statuses(meta)] == ["read", "played"]


def test_bubbles_are_flat_for_the_page(meta: FakeMeta) -> None:
    for body in (BUTTONS, LIST, FLOW):
        sent(meta, body)
    chat = meta.graph.memory.chats["111", CAMILA]
    shown = [bubble_json(chat, bubble) for bubble in chat.bubbles.values()]
    assert [bubble["text"] for bubble in shown] == ["¿Seguimos?", "Elige", "Tus datos"]
    assert shown[0]["buttons"] == [{"id": "si", "title": "Sí"}]
    assert shown[1]["list"]["sections"][0]["rows"][0]["title"] == "Uno"
    assert shown[2]["flow"] == {"title": "Llenar"}
