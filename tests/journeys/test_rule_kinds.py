"""Every kind of rule, written by hand on its page, published, and taken by WhatsApp."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chatbot import publishing
from chatbot.models import Rule
from conversations.models import Message
from tests.chatbot.people import admin_of, media_row, rule_form
from tests.journeys.shop import Shop

RULES = "/admin/chatbot/rule/"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 40
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\0" * 40
OGG = b"OggS\x00\x02" + b"\0" * 22 + b"OpusHead" + b"\0" * 40
PDF = b"%PDF-1.4\n1 0 obj\n" + b"\0" * 40
LONGEST_LIST = {
    "header": "H" * 60,
    "button": "B" * 20,
    "footer": "F" * 60,
    "sections": [
        {
            "title": f"{section}" * 24,
            "rows": [
                {"id": f"{section}{row}", "title": "👍" * 12, "description": "d" * 72}
                for row in range(5)
            ],
        }
        for section in "ab"
    ],
}
BUTTONS = [{"id": str(n), "title": f"{n}" * 20, "step": "menu_principal"} for n in range(3)]
FORM = {"flow_id": "1234567890", "flow_cta": "Abrir", "screen": "UNO", "data": {"a": 1}}
KINDS: list[tuple[str, dict[str, Any], tuple[str, bytes] | None, list[str]]] = [
    ("texto", {"reply": "x" * 4096}, None, ["text"]),
    ("boton", {"reply": "x" * 1024, "options": json.dumps(BUTTONS)}, None, ["interactive"]),
    ("lista", {"reply": "x" * 1024, "options": json.dumps(LONGEST_LIST)}, None, ["interactive"]),
    ("flow", {"reply": "Llena", "options": json.dumps(FORM)}, None, ["interactive"]),
    ("image", {"reply": "x" * 1024}, ("a.jpg", JPEG), ["image"]),
    ("video", {"reply": "Mira"}, ("a.mp4", MP4), ["video"]),
    ("audio", {"reply": "Oye"}, ("a.ogg", OGG), ["text", "audio"]),
    ("document", {"reply": "Lee"}, ("a.pdf", PDF), ["document"]),
]


@pytest.fixture
def editor(shop: Shop, settings: Any, tmp_path: Any) -> Client:
    settings.UPLOADS_DIR = tmp_path
    return admin_of(shop.tenant)


@pytest.mark.parametrize(("kind", "fields", "file", "sent"), KINDS, ids=[kind[0] for kind in KINDS])
def test_a_rule_written_by_hand_reaches_the_client(
    shop: Shop,
    editor: Client,
    kind: str,
    fields: dict[str, Any],
    file: tuple[str, bytes] | None,
    sent: list[str],
) -> None:
    row = media_row(upload=SimpleUploadedFile(*file)) if file else {}
    data = rule_form(step="menu_principal", trigger="iniciar", kind=kind, **fields, **row)
    assert editor.post(f"{RULES}add/", data).status_code == 302
    with shop.inside():
        assert Rule.objects.get().kind == kind
        publishing.publish(author="jefa")
    shop.says("hola")
    with shop.inside():
        answers = Message.objects.filter(direction="out").order_by("pk")
        assert [(each.kind, each.status) for each in answers] == [
            (each, "accepted") for each in sent
        ]
    assert [call["type"] for call in shop.meta.calls if call.get("type")] == sent
