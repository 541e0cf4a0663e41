"""Every known good body is accepted, every known bad one refused, in Meta's words."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.meta import FakeMeta
from tests.simulator.calls import answer_of, call, code_of, send, text_body
from whapco.simulator import oracle, validation
from whapco.simulator.errors import MetaError
from whapco.simulator.templates import Template

DATA = Path(__file__).parent.parent / "data" / "whatsapp"
SAMPLES = json.loads((DATA / "outgoing_samples.json").read_text(encoding="utf-8"))


def offer_what_it_names(meta: FakeMeta, value: Any, *, in_product: bool = False) -> None:
    """Upload the files and create the templates that a body names."""
    if isinstance(value, list):
        for item in value:
            offer_what_it_names(meta, item)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("id"), str) and value["id"].isdigit():
        meta.graph.media.keep("111", "image/jpeg", b"x", media_id=value["id"])
    if "language" in value:
        language = value["language"]["code"]
        meta.graph.templates.add(Template(value["name"], language, components=None))
    for item in value.values():
        offer_what_it_names(meta, item)


@pytest.mark.parametrize("name", SAMPLES["good"])
def test_a_good_body_is_accepted(meta: FakeMeta, name: str) -> None:
    body = SAMPLES["good"][name]
    offer_what_it_names(meta, body)
    response = call(meta, "POST", "v23.0/111/messages", body)
    assert response.status == 200, response.body
    assert [*meta.calls, *meta.receipts] == [body]


@pytest.mark.parametrize("name", SAMPLES["bad"])
def test_a_bad_body_is_refused_with_an_error_of_meta(meta: FakeMeta, name: str) -> None:
    response = call(meta, "POST", "v23.0/111/messages", SAMPLES["bad"][name])
    assert response.status in (400, 404)
    assert code_of(response) in (100, 131009, 132018)
    assert [*meta.calls, *meta.receipts] == []


def test_the_rules_are_those_of_the_test_data() -> None:
    ours = Path(oracle.__file__).parent / "data"
    for name in ("outgoing.schema.json", "errors.json"):
        assert (ours / name).read_bytes() == (DATA / name).read_bytes()


def message_of(body: Any) -> tuple[str, str]:
    with pytest.raises(MetaError) as refusal:
        validation.check(body)
    return refusal.value.message, refusal.value.details


def without(key: str) -> dict[str, Any]:
    body = text_body()
    del body[key]
    return body


def buttons(count: int, title: str = "Sí") -> dict[str, Any]:
    options = [
        {"type": "reply", "reply": {"id": str(index), "title": f"{title}{index}"}}
        for index in range(count)
    ]
    interactive = {"type": "button", "body": {"text": "?"}, "action": {"buttons": options}}
    return without("text") | {"type": "interactive", "interactive": interactive}


def listing(rows: int, title: str = "Fila") -> dict[str, Any]:
    row = [{"id": str(index), "title": title} for index in range(rows)]
    action = {"button": "Ver", "sections": [{"title": "a", "rows": row[:6]}]}
    action["sections"] += [{"title": "b", "rows": row[6:]}] if rows > 6 else []
    interactive = {"type": "list", "body": {"text": "?"}, "action": action}
    return without("text") | {"type": "interactive", "interactive": interactive}


TYPE_NAMES = (
    "AUDIO, CONTACTS, DOCUMENT, GIF, IMAGE, INTERACTIVE, LINK_PREVIEW, LOCATION, PIN, REACTION,"
    " STICKER, TEMPLATE, TEXT, VIDEO"
)


@pytest.mark.parametrize(
    ("body", "message", "details"),
    [
        (None, "(#100) The parameter messaging_product is required.", ""),
        ({}, "(#100) The parameter messaging_product is required.", ""),
        (
            text_body(messaging_product="telegram"),
            '(#100) Param messaging_product must be one of {WHATSAPP} - got "telegram".',
            "",
        ),
        (without("to"), "(#100) The parameter to is required.", ""),
        (
            text_body(type="x"),
            f'(#100) Param type must be one of {{{TYPE_NAMES}}} - got "x".',
            "",
        ),
        (
            without("text"),
            "(#100) Invalid parameter",
            "Parameter 'text' is mandatory for type 'text'",
        ),
        (text_body(text={}), "(#100) The parameter text['body'] is required.", ""),
        (text_body(text={"body": 7}), "(#100) Param text['body'] must be a string.", ""),
        (
            text_body(body="x" * 4097),
            "(#100) Param text['body'] must be at most 4096 characters long.",
            "",
        ),
        (text_body(step="menu"), '(#100) Unexpected key "step" on param "message".', ""),
        (
            without("text") | {"type": "audio", "audio": {"id": "1", "caption": "x"}},
            '(#100) Unexpected key "caption" on param "audio".',
            "",
        ),
        (
            buttons(1, title="Un título demasiado largo"),
            "(#131009) Parameter value is not valid",
            "Button title length invalid. Min length: 1, Max length: 20",
        ),
        (
            buttons(4),
            "(#131009) Parameter value is not valid",
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
        ),
        (
            listing(11),
            "(#131009) Parameter value is not valid",
            "Total row count exceed max allowed count: 10",
        ),
        (
            listing(1, title="x" * 25),
            "(#131009) Parameter value is not valid",
            "Row title is too long. Max length is 24",
        ),
    ],
)
def test_refusals_use_the_texts_seen_at_meta(body: Any, message: str, details: str) -> None:
    assert message_of(body) == (message, details)


def test_ten_rows_in_two_sections_pass() -> None:
    assert validation.check(listing(10)) == listing(10)


def test_the_body_is_checked_before_number_recipient_and_rate(strict: FakeMeta) -> None:
    strict.graph.memory.numbers["111"].error = 133010
    strict.graph.memory.numbers["111"].allowed = frozenset()
    assert code_of(send(strict, text_body(body=""))) == 100
    assert code_of(send(strict)) == 133010
    strict.graph.memory.numbers["111"].error = None
    assert code_of(send(strict)) == 131030


def test_an_error_has_metas_envelope(strict: FakeMeta) -> None:
    error = answer_of(send(strict, buttons(4)))["error"]
    assert error["type"] == "OAuthException"
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["fbtrace_id"].startswith("A")
