"""Options of every accepted shape, and replies as the messages that carry them."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.replies import OptionsError, Outgoing, option_targets, parse_options, words_for
from chatbot.rule_data import MediaRef, RuleData
from conversations.whatsapp import outbound
from tests.data.whatsapp.outgoing_check import check

MENU_JSON = """
{"header": "Menú principal", "button": "Ver opciones", "footer": "Selecciona una opción",
 "sections": [{"title": "Rápido", "rows": [{"id": "express", "title": "Express",
 "description": "1 día", "step": "cotizacion"}]}]}
"""
IMAGE = "https://example.com/fotos/mesa.jpg"


def reply(kind: str, text: str, options: Any = None, *medias: MediaRef) -> list[Outgoing]:
    rule = RuleData(
        id=1, step="m", trigger="x", kind=kind, reply=text, options=options, medias=medias
    )
    messages = words_for(rule, text)
    for message in messages:
        body = outbound.envelope(with_ids(message.words), to="573001112233")
        assert check(body) == []
        assert message.kind == message.words["type"]
    return messages


def with_ids(words: dict[str, Any]) -> dict[str, Any]:
    """The words as they leave once their file is uploaded."""
    if outbound.pending_file(words) is None:
        return words
    return outbound.with_media_id(words, "123456")


def only(messages: list[Outgoing]) -> dict[str, Any]:
    assert len(messages) == 1
    return messages[0].words


def bodies(messages: list[Outgoing]) -> list[tuple[str, str]]:
    return [(message.kind, message.body) for message in messages]


def rows(count: int) -> list[dict[str, str]]:
    return [{"id": f"id{n}", "title": f"Fila {n}"} for n in range(count)]


def button_list(count: int) -> list[dict[str, str]]:
    return [{"id": f"id{n}", "title": f"Botón {n}"} for n in range(count)]


# Text ----------------------------------------------------------------------------------------
def test_a_text_is_sent_as_it_is() -> None:
    assert only(reply("texto", "Hola {total} *ya*")) == outbound.text("Hola {total} *ya*")


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_reply_sends_nothing(text: str) -> None:
    assert reply("texto", text) == []


def test_a_text_too_long_is_cut_between_paragraphs() -> None:
    paragraphs = [letter * 1500 for letter in "abcd"]
    sent = reply("texto", "\n\n".join(paragraphs))
    assert [message.body for message in sent] == [
        "\n\n".join(paragraphs[:2]),
        "\n\n".join(paragraphs[2:]),
    ]


def test_a_word_of_ten_thousand_letters_arrives_whole() -> None:
    sent = reply("texto", "á" * 10_000)
    assert "".join(message.body for message in sent) == "á" * 10_000


# Buttons -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "options",
    [
        [{"type": "reply", "reply": {"id": "si", "title": "Sí"}, "step": "ok_step"}],
        [{"type": "reply", "reply": {"id": "si", "title": "Sí"}, "next_step": "ok_step"}],
        [{"type": "reply", "reply": {"id": "si", "title": "Sí", "step": "ok_step"}}],
        [{"id": "si", "title": "Sí", "step": "ok_step"}],
        [{"id": " si ", "title": " Sí ", "next_step": "ok_step"}],
        {"buttons": [{"id": "si", "title": "Sí", "step": "ok_step"}]},
        {"buttons": [{"type": "reply", "reply": {"id": "si", "title": "Sí"}, "step": "ok_step"}]},
        '[{"id": "si", "title": "Sí", "step": "ok_step"}]',
    ],
)
def test_every_shape_of_buttons_is_accepted_and_steps_stay_here(options: Any) -> None:
    assert only(reply("boton", "¿Seguro?", options)) == outbound.buttons("¿Seguro?", [("si", "Sí")])
    assert option_targets(parse_options("boton", options)) == {"si": "ok_step"}


def test_buttons_carry_header_and_footer() -> None:
    options = {"header": "Arriba", "footer": "Abajo", "buttons": [{"id": 1, "title": 2.0}]}
    assert only(reply("boton", "Elige", options)) == outbound.buttons(
        "Elige", [("1", "2")], header="Arriba", footer="Abajo"
    )


@pytest.mark.parametrize("options", [None, [], {}, {"buttons": []}, "", "  "])
def test_buttons_without_any_are_a_plain_text(options: Any) -> None:
    assert only(reply("boton", "Hola", options)) == outbound.text("Hola")


# Lists ---------------------------------------------------------------------------------------
def test_the_documented_list_is_sent_verbatim() -> None:
    words = only(reply("lista", "¿Qué necesitas?", json.loads(MENU_JSON)))
    assert words["interactive"] == {
        "type": "list",
        "header": {"type": "text", "text": "Menú principal"},
        "body": {"text": "¿Qué necesitas?"},
        "footer": {"text": "Selecciona una opción"},
        "action": {
            "button": "Ver opciones",
            "sections": [
                {
                    "title": "Rápido",
                    "rows": [{"id": "express", "title": "Express", "description": "1 día"}],
                }
            ],
        },
    }


def test_a_bare_array_of_sections_gets_the_defaults() -> None:
    words = only(reply("lista", "Elige", [{"title": "Uno", "rows": rows(2)}]))
    assert words["interactive"]["header"]["text"] == "Menú"
    assert words["interactive"]["footer"]["text"] == "Selecciona una opción"
    assert words["interactive"]["action"]["button"] == "Ver opciones"


def test_an_empty_header_means_none_and_an_empty_button_the_default() -> None:
    options = {"header": "", "button": "", "footer": None, "sections": [{"rows": rows(1)}]}
    words = only(reply("lista", "Elige", options))
    assert "header" not in words["interactive"]
    assert words["interactive"]["action"]["button"] == "Ver opciones"
    assert words["interactive"]["footer"]["text"] == "Selecciona una opción"


@pytest.mark.parametrize(
    "options",
    [None, {}, [], {"sections": []}, {"sections": [{"title": "A", "rows": []}]}, {"header": "A"}],
)
def test_a_list_without_rows_is_a_plain_text(options: Any) -> None:
    assert only(reply("lista", "Hola", options)) == outbound.text("Hola")


# Forms ---------------------------------------------------------------------------------------
def test_a_form_is_sent_by_id_or_by_name() -> None:
    options = {"flow_id": 123, "flow_cta": "Abrir", "screen": "UNO", "data": {"a": 1}}
    assert only(reply("flow", "Llena", options)) == outbound.flow(
        "Llena", "Abrir", flow_id="123", screen="UNO", data={"a": 1}
    )
    named = {"flow_name": "citas", "flow_cta": "Abrir", "header": "H", "footer": "F"}
    assert only(reply("flow", "Llena", named)) == outbound.flow(
        "Llena", "Abrir", flow_name="citas", header="H", footer="F"
    )


def test_a_form_without_text_shows_its_button_as_text() -> None:
    sent = reply("flow", "", {"flow_id": "1", "flow_cta": "Agendar"})
    assert bodies(sent) == [("interactive", "Agendar")]


# Broken options ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "options", "limit"),
    [
        ("boton", button_list(4), "3"),
        ("boton", [{"id": "a", "title": "x" * 21}], "20"),
        ("boton", [{"id": "a", "title": "👍" * 11}], "20"),
        ("boton", [{"id": "x" * 257, "title": "A"}], "256"),
        ("boton", [{"id": "a", "title": "A"}, {"id": "a", "title": "B"}], "se repite"),
        ("boton", [{"id": "a", "title": "A"}, {"id": "b", "title": "A"}], "se repite"),
        ("boton", [{"title": "A"}], "id"),
        ("boton", [{"id": "a", "title": " "}], "title"),
        ("boton", [{"id": True, "title": "A"}], "texto"),
        ("boton", ["a"], "objeto"),
        ("boton", [{"reply": "a"}], "objeto"),
        ("boton", {"botones": []}, "buttons"),
        ("boton", {"buttons": "a"}, "lista"),
        ("boton", 5, "lista"),
        ("boton", "{rota", "JSON"),
        ("boton", "[" * 20_001, "20000"),
        ("boton", {"header": "x" * 61, "buttons": button_list(1)}, "60"),
        ("boton", {"footer": "x" * 61, "buttons": button_list(1)}, "60"),
        ("boton", [{"id": "a", "title": "A", "step": ["b"]}], "step"),
        ("lista", {"button": "x" * 21, "sections": [{"rows": rows(1)}]}, "20"),
        ("lista", [{"title": "x" * 25, "rows": rows(1)}], "24"),
        ("lista", [{"rows": rows(11)}], "10"),
        ("lista", [{"title": str(n), "rows": [{"id": n, "title": n}]} for n in range(11)], "10"),
        ("lista", [{"rows": [{"id": "x" * 201, "title": "A"}]}], "200"),
        ("lista", [{"rows": [{"id": "a", "title": "x" * 25}]}], "24"),
        ("lista", [{"rows": [{"id": "a", "title": "A", "description": "x" * 73}]}], "72"),
        ("lista", [{"title": "A", "rows": rows(1)}, {"title": "B", "rows": rows(1)}], "se repite"),
        ("lista", [{"rows": rows(1)}, {"title": "B", "rows": [{"id": 9, "title": 9}]}], "title"),
        ("lista", {"sections": {"rows": []}}, "lista"),
        ("flow", None, "flow_id"),
        ("flow", [], "flow_id"),
        ("flow", {"flow_cta": "Abrir"}, "flow_id"),
        ("flow", {"flow_id": "1"}, "flow_cta"),
        ("flow", {"flow_id": "a1", "flow_cta": "Abrir"}, "números"),
        ("flow", {"flow_id": "1", "flow_cta": "x" * 21}, "20"),
        ("flow", {"flow_id": "1", "flow_cta": "A", "data": {"a": 1}}, "screen"),
        ("flow", {"flow_id": "1", "flow_cta": "A", "data": [1]}, "objeto"),
        ("flow", "texto", "JSON"),
    ],
)
def test_broken_options_are_refused_with_the_limit_and_sent_as_plain_text(
    kind: str, options: Any, limit: str
) -> None:
    with pytest.raises(OptionsError, match=limit):
        parse_options(kind, options)
    assert only(reply(kind, "Hola", options)) == outbound.text("Hola")


def test_options_of_other_kinds_are_left_alone() -> None:
    assert parse_options("texto", "{rota") is None
    assert option_targets(None) == {}


def test_targets_are_found_by_normalised_id_and_options_without_step_are_none() -> None:
    menu = [{"rows": [{"id": "Opción", "title": "A", "step": "a"}, {"id": "b", "title": "B"}]}]
    assert option_targets(parse_options("lista", menu)) == {"opcion": "a"}


def test_a_text_too_long_for_buttons_goes_before_them() -> None:
    text = "a" * 1025
    sent = reply("boton", text, [{"id": "si", "title": "Sí"}])
    assert bodies(sent) == [("text", text), ("interactive", "Elige una opción:")]


# Files ---------------------------------------------------------------------------------------
def test_the_first_file_carries_the_reply_and_the_others_nothing() -> None:
    sent = reply("image", "Mira", None, MediaRef(url=IMAGE), MediaRef(file_id=7))
    assert [message.words for message in sent] == [
        outbound.media("image", link=IMAGE, caption="Mira"),
        outbound.media("image", file_id=7),
    ]
    assert bodies(sent) == [("image", "Mira"), ("image", "")]


def test_the_text_of_an_audio_goes_before_it() -> None:
    sent = reply("audio", "Escucha", None, MediaRef(url="https://example.com/nota.ogg"))
    assert bodies(sent) == [("text", "Escucha"), ("audio", "")]


def test_a_media_rule_without_media_sends_its_text() -> None:
    assert bodies(reply("image", "Mira")) == [("text", "Mira")]


@pytest.mark.parametrize(
    "url",
    ["", "/static/uploads/a.jpg", "ftp://example.com/a.jpg", "http://", "https://a\n.co/b"],
)
def test_an_address_that_whatsapp_cannot_fetch_is_left_out(url: str) -> None:
    assert bodies(reply("image", "Mira", None, MediaRef(url=url))) == [("text", "Mira")]


@pytest.mark.parametrize(
    "url", ["https://[abc/x.jpg", "http://a.co/%ff%00.pdf", "HTTPS://A.CO/á b"]
)
def test_odd_addresses_are_sent(url: str) -> None:
    assert len(reply("document", "Mira", None, MediaRef(url=url))) == 1


def test_a_caption_too_long_goes_before_as_text() -> None:
    sent = reply("image", "a" * 1025, None, MediaRef(url=IMAGE))
    assert bodies(sent) == [("text", "a" * 1025), ("image", "")]


def test_files_without_text_are_sent_alone() -> None:
    assert bodies(reply("video", "", None, MediaRef(file_id=1))) == [("video", "")]


@pytest.mark.parametrize(
    ("kind", "media", "sent"),
    [
        ("texto", MediaRef(url=IMAGE), "image"),
        ("texto", MediaRef(kind="imagen", url="https://a.co/x"), "image"),
        ("texto", MediaRef(kind="application/pdf", url="https://a.co/x"), "document"),
        ("texto", MediaRef(kind="Vídeo", url="https://a.co/x"), "video"),
        ("texto", MediaRef(kind="audio/ogg", file_id=1), "audio"),
        ("texto", MediaRef(url="https://a.co/x.pdf?y=1"), "document"),
        ("texto", MediaRef(url="https://a.co/x.MP3#z"), "audio"),
        ("image", MediaRef(url="https://a.co/x.mp4"), "image"),
        ("image", MediaRef(kind="video", url="https://a.co/x"), "video"),
        ("video", MediaRef(file_id=1), "video"),
    ],
)
def test_the_kind_of_a_file(kind: str, media: MediaRef, sent: str) -> None:
    assert [message.kind for message in reply(kind, "", None, media)] == [sent]


def test_a_linked_document_keeps_its_name() -> None:
    link = MediaRef(url="https://example.com/docs/Lista%20de%20precios.pdf?v=2")
    words = only(reply("document", "Precios", None, link))
    assert words["document"]["filename"] == "Lista de precios.pdf"


def test_buttons_with_a_file_send_the_file_first() -> None:
    sent = reply("boton", "¿Te gusta?", [{"id": "si", "title": "Sí"}], MediaRef(url=IMAGE))
    assert bodies(sent) == [("image", ""), ("interactive", "¿Te gusta?")]


# Anything ------------------------------------------------------------------------------------
JSON_KEYS = st.sampled_from(
    (
        *("id", "title", "description", "step", "next_step", "reply", "type", "buttons"),
        *("sections", "rows", "header", "footer", "button"),
        *("flow_id", "flow_name", "flow_cta", "screen", "data"),
    )
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_KEYS, inner, max_size=6),
    max_leaves=20,
)
URLS = st.text(max_size=30) | st.text(max_size=20).map("https://a.co/{}".format)


@given(
    st.sampled_from(["texto", "boton", "lista", "flow", "image", "audio", "sticker", "raro"]),
    st.text(max_size=1200),
    JSON_VALUES,
    st.lists(st.builds(MediaRef, st.text(max_size=8), URLS, st.none() | st.integers(1, 9))),
)
def test_whatever_the_cells_hold_whatsapp_accepts_what_is_sent(
    kind: str, text: str, options: Any, medias: list[MediaRef]
) -> None:
    with contextlib.suppress(OptionsError):
        parse_options(kind, options)
    reply(kind, text, options, *medias)
