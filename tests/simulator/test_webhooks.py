"""What goes to the product: shapes, wire form, signature."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.meta import FakeMeta
from tests.simulator.calls import CAMILA, send, text_body
from whapco.simulator import webhooks
from whapco.simulator.phone import AD

DATA = Path(__file__).parent.parent / "data" / "whatsapp"
INCOMING = Draft202012Validator(
    json.loads((DATA / "incoming.schema.json").read_text(encoding="utf-8"))
)


def vectors() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (DATA / "signature_vectors.json").read_text(encoding="utf-8")
    )
    return found


def test_the_wire_form_is_metas() -> None:
    assert webhooks.wire_form({"a": "ñ/😭"}) == b'{"a":"\\u00f1\\/\\ud83d\\ude2d"}'


def test_a_recorded_body_comes_out_byte_by_byte_with_its_signature() -> None:
    vector = next(v for v in vectors() if v["name"] == "meta_style_escaped")
    raw, headers = webhooks.signed(json.loads(vector["body"]), vector["secret"])
    assert raw == vector["body"].encode()
    assert headers["X-Hub-Signature-256"] == vector["x_hub_signature_256"]


def everything_a_customer_can_do(meta: FakeMeta) -> None:
    say, text = meta.phone.say, meta.phone.text
    wamid = text("111", CAMILA, "hola 😀 </script>")
    text("111", CAMILA, "citando", quoting=wamid)
    text("111", CAMILA, "desde el anuncio", extra={"referral": AD})
    say("111", CAMILA, "location", {"latitude": 4.6, "longitude": -74.1, "name": "Bogotá"})
    say("111", CAMILA, "reaction", {"message_id": wamid, "emoji": "👍"})
    person = {"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": [{"phone": "1"}]}
    say("111", CAMILA, "contacts", [person])
    for mime_type in ("image/jpeg", "audio/ogg", "video/mp4", "application/pdf", "image/webp"):
        meta.phone.file("111", CAMILA, b"x", mime_type, filename="a.b", caption="pie")
    meta.phone.file("111", CAMILA, b"x", "audio/ogg", voice=True)
    for error in (None, 131047):
        if error:
            meta.fail_next(error)
        send(meta, text_body(biz_opaque_callback_data="msg:1"))
    meta.phone.read("111", CAMILA)


def test_everything_posted_has_the_shape_of_metas_webhooks(
    strict: FakeMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict.graph, "base_url", "https://meta.invalid")  # Meta has no http
    everything_a_customer_can_do(strict)
    assert len(strict.webhooks) == 16
    for webhook in strict.webhooks:
        assert [error.message for error in INCOMING.iter_errors(webhook.body)] == []


def test_each_number_signs_with_its_own_secret(meta: FakeMeta) -> None:
    meta.phone.text("222", CAMILA, "hola")
    posted: list[tuple[bytes, dict[str, str]]] = []
    meta.deliver_statuses(lambda body, headers: posted.append((body, headers)))
    [(body, headers)] = posted
    wanted = hmac.new(b"secreto-beta", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={wanted}"


def test_a_voice_note_says_so(meta: FakeMeta) -> None:
    meta.phone.file("111", CAMILA, b"OggS", "audio/ogg", voice=True)
    message = meta.webhooks[0].body["entry"][0]["changes"][0]["value"]["messages"][0]
    assert message["type"] == "audio"
    assert message["audio"]["voice"] is True
    assert message["audio"]["mime_type"] == "audio/ogg; codecs=opus"


@pytest.mark.parametrize(("version", "is_named"), [("v23.0", True), ("v24.0", False)])
def test_conversations_are_named_up_to_version_23(
    meta: FakeMeta, version: str, is_named: bool
) -> None:
    meta.graph.version = version
    send(meta)
    meta.graph.version = "v23.0"
    status = meta.webhooks[0].body["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert ("conversation" in status) is is_named


def test_the_same_person_has_another_user_id_at_another_company(meta: FakeMeta) -> None:
    meta.phone.text("111", CAMILA, "hola")
    meta.phone.text("222", CAMILA, "hola")
    values = [w.body["entry"][0]["changes"][0]["value"] for w in meta.webhooks]
    assert len({value["contacts"][0]["user_id"] for value in values}) == 2
    assert {value["contacts"][0]["wa_id"] for value in values} == {CAMILA}
