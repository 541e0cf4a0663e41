"""Whatever outbound builds, the independent oracle of outgoing bodies accepts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.whatsapp import outbound
from conversations.whatsapp.outbound import Row, Section
from tests.data.whatsapp.outgoing_check import check

WAMID = "wamid.HBgLMTIxMjU1NTAxNDEVAgARGBIyMzUyREE3MjgwRjFERUNDM0EA"
MENU = [
    Section("Rápido", (Row("express", "Express", "1 día"), Row("otro", "Otro"))),
    Section("Lento", (Row("lento", "Lento"),)),
]
BODIES: dict[str, dict[str, Any]] = {
    "text": outbound.text("hola"),
    "text_preview": outbound.text("https://example.com", preview_url=True),
    "text_longest": outbound.text("a" * outbound.TEXT_LIMIT),
    "button": outbound.buttons("¿Seguro?", [("si", "Sí")]),
    "buttons_full": outbound.buttons(
        "a" * outbound.INTERACTIVE_BODY_LIMIT,
        [(f"{n}" * outbound.BUTTON_ID_LIMIT, f"{n}" * outbound.BUTTON_TITLE_LIMIT) for n in "123"],
        header="h" * outbound.HEADER_LIMIT,
        footer="f" * outbound.FOOTER_LIMIT,
    ),
    "list": outbound.list_menu("Elige", "Ver opciones", MENU, header="Menú", footer="Pie"),
    "list_untitled": outbound.list_menu("Elige", "Ver", [Section("", (Row("a", "A"),))]),
    "list_full": outbound.list_menu(
        "Elige",
        "b" * outbound.LIST_BUTTON_LIMIT,
        [
            Section(
                "s" * outbound.SECTION_TITLE_LIMIT,
                (
                    Row(
                        f"{n}" * outbound.ROW_ID_LIMIT,
                        "t" * outbound.ROW_TITLE_LIMIT,
                        "d" * outbound.ROW_DESCRIPTION_LIMIT,
                    ),
                ),
            )
            for n in range(outbound.ROWS_LIMIT)
        ],
    ),
    "image_link": outbound.media("image", link="https://example.com/a.jpg", caption="Mira"),
    "video_id": outbound.media("video", media_id="123", caption="c" * outbound.CAPTION_LIMIT),
    "audio_with_caption": outbound.media("audio", media_id="123", caption="no va", voice=True),
    "sticker": outbound.media("sticker", media_id="123", caption="no va", voice=True),
    "document": outbound.media("document", media_id="1", filename="../a/\x00b\n.pdf", caption="x"),
    "document_long": outbound.media("document", media_id="1", filename="ñ" * 500 + ".pdf"),
    "uploaded": outbound.with_media_id(outbound.media("image", file_id=7, caption="Mira"), "99"),
    "reaction": outbound.reaction(WAMID, "👍"),
    "reaction_removed": outbound.reaction(WAMID, ""),
    "flow": outbound.flow("Datos", "Abrir", flow_id="123", header="h", footer="f"),
    "flow_screen": outbound.flow(
        "Datos", "Abrir", flow_name="x", screen="INICIO", data={"nombre": "Ana"}
    ),
    "flow_empty_data": outbound.flow("Datos", "Abrir", flow_id="1", screen="INICIO", data={}),
    "template": outbound.template("hello_world", "en-US"),
    "template_full": outbound.template(
        "pedido",
        "es_CO",
        [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}],
    ),
    "dirty": outbound.text("a\x00b\ud83d"),
}


@pytest.mark.parametrize("name", sorted(BODIES))
def test_every_kind_of_body_is_accepted(name):
    full = outbound.envelope(
        BODIES[name], to="573001112233", send_key="k" * 512, context_wamid=WAMID
    )
    assert check(full) == []
    json.dumps(full, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", sorted(BODIES))
def test_every_kind_of_body_goes_to_a_user_id_too(name):
    assert check(outbound.envelope(BODIES[name], recipient="US.13491208655302741918")) == []


@pytest.mark.parametrize("typing", [True, False])
def test_read_receipts_are_accepted(typing):
    assert check(outbound.read_receipt(WAMID, typing=typing)) == []


def test_the_oracle_does_refuse():
    too_long = outbound.text("a" * (outbound.TEXT_LIMIT + 1))
    assert check(outbound.envelope(too_long, to="573001112233"))


def test_an_envelope_names_recipient_quote_and_key():
    body = outbound.envelope(
        outbound.text("hola"), to="573001112233", send_key="k1", context_wamid=WAMID
    )
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "573001112233",
        "context": {"message_id": WAMID},
        "biz_opaque_callback_data": "k1",
        "type": "text",
        "text": {"body": "hola"},
    }


def test_reactions_and_voicemails_are_never_quoted():
    assert "context" not in outbound.envelope(
        outbound.reaction(WAMID, "👍"), to="573001112233", context_wamid=WAMID
    )
    assert "context" not in outbound.envelope(
        outbound.text("hola"), to="573001112233", context_wamid="wacid.abc"
    )


def test_nobody_is_no_recipient():
    with pytest.raises(ValueError, match="wa_id"):
        outbound.envelope(outbound.text("hola"))


def test_our_file_waits_for_its_upload():
    words = outbound.media("document", file_id=7, caption="Mira", filename="a.pdf")
    assert outbound.pending_file(words) == 7
    sent = outbound.with_media_id(words, "99")
    assert sent["document"] == {"id": "99", "caption": "Mira", "filename": "a.pdf"}
    assert outbound.pending_file(sent) is None
    assert outbound.pending_file(outbound.text("hola")) is None


@pytest.mark.parametrize("sources", [{}, {"link": "https://x.y/z", "media_id": "1"}])
def test_a_file_comes_from_exactly_one_place(sources):
    with pytest.raises(ValueError, match="exactly one"):
        outbound.media("image", **sources)


def test_a_long_file_name_keeps_its_extension():
    name = BODIES["document_long"]["document"]["filename"]
    assert name.endswith(".pdf")
    assert len(name) == outbound.FILENAME_LIMIT


def test_length_counts_an_emoji_as_meta_may():
    assert outbound.length("hola") == 4
    assert outbound.length("👍") == 2


def test_long_texts_are_cut_at_paragraphs():
    parts = outbound.split_text("uno dos.\n\ntres cuatro.", limit=14)
    assert parts == ["uno dos.", "tres cuatro."]


@given(st.text(alphabet="ab \n👍ñ", max_size=200), st.integers(min_value=2, max_value=30))
def test_cutting_loses_no_word_and_no_part_is_too_long(body, limit):
    parts = outbound.split_text(body, limit=limit)
    assert all(0 < outbound.length(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(body.split())
