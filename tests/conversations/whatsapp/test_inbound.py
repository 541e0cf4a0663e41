"""Every recorded webhook, and any other JSON, comes down to items without losing one."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.whatsapp import inbound
from conversations.whatsapp.inbound import (
    AccountNotice,
    BadItem,
    InboundMessage,
    InboundStatus,
    parse,
)

DATA = Path(__file__).parents[2] / "data" / "whatsapp"
PAYLOADS: dict[str, Any] = json.loads((DATA / "payloads.json").read_text(encoding="utf-8"))
EXPECTED = json.loads((DATA / "payloads.expect.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 9, 8, tzinfo=UTC)
BROKEN_IDS = {"wamid.HBgLMTIxMjU1NTAxNDEVAgASGBQzQUZFMzcyMjkzQUM2RkM4NzY3RAA="}  # time is no number


def items_of(name: str) -> tuple[inbound.Item, ...]:
    return parse(PAYLOADS[name], NOW).items


def message_of(name: str) -> InboundMessage:
    (item,) = items_of(name)
    assert isinstance(item, InboundMessage)
    return item


def body_with(**value: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15555550101", "phone_number_id": "111"}
    change = {"field": value.pop("field", "messages"), "value": {"metadata": metadata, **value}}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "900", "changes": [change]}],
    }


def text_message(id_: str, **extra: Any) -> dict[str, Any]:
    message = {"from": "573001112233", "id": id_, "timestamp": "1788868800", "type": "text"}
    return {**message, "text": {"body": "hola"}, **extra}


def as_unit(item: inbound.Item) -> tuple[Any, ...]:
    place = (item.waba_id, item.phone_number_id)
    if isinstance(item, InboundMessage):
        return ("message", *place, item.id, item.kind)
    if isinstance(item, InboundStatus):
        return ("status", *place, item.id, item.status)
    if isinstance(item, AccountNotice) and item.field == "errors":
        return ("error", *place, item.raw["code"])
    assert isinstance(item, AccountNotice)
    return ("field", *place, item.field)


def expected_unit(unit: dict[str, Any]) -> tuple[Any, ...]:
    place = (unit["waba"] or "", unit.get("phone_number_id") or "")
    keys = {"message": ("id", "type"), "status": ("id", "status"), "error": ("code",)}
    rest = keys.get(unit["kind"], ("field",))
    return (unit["kind"], *place, *(unit[key] for key in rest))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_recorded_payload_gives_its_units_in_order(name):
    known = [item for item in items_of(name) if not isinstance(item, BadItem)]
    if name.startswith(("smb_message_echo", "history_media")):  # a field of messages
        assert all(isinstance(item, InboundMessage) for item in known)
        return
    expected = [u for u in EXPECTED[name]["units"] if u.get("id") not in BROKEN_IDS]
    assert [as_unit(item) for item in known] == [expected_unit(unit) for unit in expected]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_numbers_named_in_a_body_are_found_before_trusting_it(name):
    named = inbound.numbers(PAYLOADS[name])
    assert named >= set(EXPECTED[name]["phone_number_ids"])
    assert all(number in json.dumps(PAYLOADS[name]) for number in named)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_item_can_be_stored_as_utf8_and_json(name):
    for item in items_of(name):
        stored = json.dumps(item.raw, ensure_ascii=False, allow_nan=False)
        stored.encode()
        assert "\\u0000" not in stored


def test_a_bad_item_leaves_its_neighbours_alone():
    first, bad, last = items_of("one_bad_item_among_good")
    assert isinstance(first, InboundMessage)
    assert first.text == "good 1"
    assert isinstance(bad, BadItem)
    assert bad.reason == "timestamp is no time"
    assert bad.raw["type"] == "image"
    assert isinstance(last, InboundMessage)
    assert last.text == "good 2"


def test_contacts_are_matched_by_id_and_not_by_position():
    names = {item.text: item.profile_name for item in items_of("text_contact_mismatch_order")}
    assert names == {"from Ana": "Ana Lopez", "from Ben": "Ben O'Neil"}


def test_someone_who_hides_the_number_is_known_by_user_id():
    message = message_of("text_username_only_no_phone")
    assert (message.from_wa_id, message.from_user_id) == ("", "GB.58120347719604425")
    assert message.username == "@ben.oneil"


def test_nul_is_dropped_and_a_cut_emoji_is_marked():
    assert message_of("text_nul_character").text == "ab"
    assert message_of("text_lone_surrogate").text == "cut emoji \ufffd end"
    assert message_of("text_lone_surrogate").raw["text"]["body"] == "cut emoji \ufffd end"


def test_taps_carry_title_and_option():
    button = message_of("interactive_button_reply")
    assert (button.text, button.option_id) == ("Yes, please", "flow:welcome/btn/yes")
    row = message_of("interactive_list_reply")
    assert (row.text, row.option_id) == ("Opening hours", "menu:3")
    assert row.context_wamid.startswith("wamid.")
    template = message_of("button_template_quick_reply")
    assert (template.text, template.option_id) == ("Stop promotions", "STOP_PROMO")


def test_answer_of_a_form_is_parsed_and_a_broken_one_kept_as_it_came():
    reply = message_of("interactive_nfm_reply_flow").raw["interactive"]["nfm_reply"]
    assert reply["fields"]["guests"] == 4
    broken = message_of("interactive_nfm_reply_no_token_bad_json")
    assert "fields" not in broken.raw["interactive"]["nfm_reply"]
    assert broken.kind == "interactive"


def test_media_is_described_and_a_missing_one_is_none():
    voice = message_of("audio_voice").media
    assert voice is not None
    assert voice.voice
    assert voice.mime_type == "audio/ogg; codecs=opus"
    document = message_of("document_pdf")
    assert document.media is not None
    assert (document.text, document.media.filename) == ("my receipt", "receipt.pdf")
    too_big = message_of("media_error_131052_typed_video")
    assert too_big.media is None
    assert too_big.errors[0].code == 131052


def test_change_of_number_tells_the_new_address():
    assert message_of("system_number_changed").new_wa_id == "12125550199"
    changed_user = message_of("system_user_id_changed")
    assert changed_user.new_user_id == "GB.11111111111111111"
    assert (changed_user.new_wa_id, changed_user.from_wa_id) == ("", "")
    identity = message_of("system_identity_changed")
    assert (identity.new_wa_id, identity.new_user_id) == ("", "")


def test_older_change_of_number_names_the_contact_inside():
    system = {"type": "customer_changed_number", "customer": "5711", "new_wa_id": "5722"}
    raw = {"id": "wamid.x", "timestamp": "1788868800", "type": "system", "system": system}
    (message,) = parse(body_with(messages=[raw]), NOW).items
    assert isinstance(message, InboundMessage)
    assert (message.from_wa_id, message.new_wa_id) == ("5711", "5722")


def test_shared_number_of_someone_known_by_user_id_only_becomes_their_address():
    card = {"vcard": "BEGIN:VCARD\nTEL;waid=573009998877:+57 300 999 8877\nEND:VCARD"}
    raw = {"from_user_id": "CO.1", "id": "wamid.x", "timestamp": 1788868800, "type": "contacts"}
    raw |= {"origin": "contact_request", "contacts": [card]}
    (message,) = parse(body_with(messages=[raw]), NOW).items
    assert isinstance(message, InboundMessage)
    assert message.new_wa_id == "573009998877"


def test_reaction_edit_and_revoke_point_at_their_target():
    removed = message_of("reaction_remove_no_emoji")
    assert (removed.target_wamid[:6], removed.emoji, removed.text) == ("wamid.", "", "")
    assert message_of("revoke").target_wamid.startswith("wamid.")
    edit = {
        "original_message_id": "wamid.old",
        "message": {"type": "text", "text": {"body": "ahora sí"}},
    }
    raw = text_message("wamid.new", type="edit", edit=edit)
    (message,) = parse(body_with(messages=[raw]), NOW).items
    assert isinstance(message, InboundMessage)
    assert (message.target_wamid, message.text) == ("wamid.old", "ahora sí")


def test_places_at_zero_and_cards_read_as_names():
    assert message_of("location_named_integers").text == "Null Island"
    assert message_of("location_named_integers").raw["location"]["latitude"] == 0
    assert message_of("contacts_multiple").text.startswith("Dr. Barbara J. Johnson, ")
    assert message_of("order").text == "Please gift wrap"


def test_what_the_owner_typed_on_the_phone_is_an_echo_in_the_contacts_chat():
    message = message_of("smb_message_echo_revoke")
    assert message.echo
    assert message.from_wa_id == "12125550141"


def test_history_knows_who_wrote_each_message():
    ours = text_message("wamid.a", **{"from": "15555550101"})
    theirs = text_message("wamid.b", **{"from": "573001112233"})
    chunk = {"metadata": {"phase": 0}, "threads": [{"id": "573001112233", "messages": []}]}
    chunk["threads"][0]["messages"] = [ours, theirs]  # type: ignore[index]
    items = parse(body_with(field="history", history=[chunk]), NOW).items
    assert [item.echo for item in items if isinstance(item, InboundMessage)] == [True, False]
    assert {item.from_wa_id for item in items if isinstance(item, InboundMessage)} == {
        "573001112233"
    }
    assert all(isinstance(item, InboundMessage) and item.history for item in items)


def test_declined_history_is_a_notice():
    (notice,) = items_of("history_declined")
    assert isinstance(notice, AccountNotice)
    assert notice.field == "history"


def test_status_carries_our_key_the_error_and_the_participant():
    (sent,) = items_of("status_sent_legacy_conversation_callback")
    assert isinstance(sent, InboundStatus)
    assert sent.send_key == "msg:7f3a|tenant:12"
    (failed,) = items_of("status_failed_131042_payment")
    assert isinstance(failed, InboundStatus)
    assert failed.error_code == 131042
    assert failed.error_text.startswith("Message failed to send because")
    (minimal,) = items_of("status_failed_minimal_error")
    assert isinstance(minimal, InboundStatus)
    assert minimal.error_text == "Something went wrong"
    (group,) = items_of("status_group_read")
    assert isinstance(group, InboundStatus)
    assert group.participant == "12125550141"


def test_statuses_of_calls_are_not_taken_for_statuses_of_messages():
    call = {"id": "wacid.x", "status": "RINGING", "timestamp": "1788868800"}
    (item,) = parse(body_with(field="calls", statuses=[call]), NOW).items
    assert isinstance(item, AccountNotice)


def test_time_may_be_text_number_or_missing():
    messages = [
        text_message("wamid.a", timestamp=1788868800),
        text_message("wamid.b", timestamp="1788868800"),
        text_message("wamid.c", timestamp=None),
    ]
    times = [item.at for item in parse(body_with(messages=messages), NOW).items]  # type: ignore[union-attr]
    expected = datetime.fromtimestamp(1788868800, UTC)
    assert times == [expected, expected, NOW]


def test_numbers_json_cannot_store_become_null():
    raw = text_message("wamid.a", extra=[float("inf"), float("nan"), 1.5])
    (item,) = parse(body_with(messages=[raw]), NOW).items
    assert item.raw["extra"] == [None, None, 1.5]


def test_nesting_without_end_is_cut_and_the_text_survives():
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    messages = [text_message("wamid.a", deep=deep), text_message("wamid.b")]
    items = parse(body_with(messages=messages), NOW).items
    assert [item.id for item in items if isinstance(item, InboundMessage)] == ["wamid.a", "wamid.b"]
    json.dumps(items[0].raw)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        7,
        "texto",
        [],
        {},
        text_message(""),
        text_message("x" * 256),
        {"id": "wamid.x", "type": "text"},
        text_message("wamid.x", timestamp="99999999999999999999"),
        text_message("wamid.x", timestamp=True),
    ],
)
def test_what_is_no_message_is_kept_as_a_bad_item_beside_the_good(raw):
    items = parse(body_with(messages=[text_message("wamid.1"), raw, text_message("wamid.2")])).items
    kinds = [type(item) for item in items]
    assert kinds == [InboundMessage, BadItem, InboundMessage]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "entry",
                        "changes",
                        "value",
                        "field",
                        "messages",
                        "statuses",
                        "errors",
                        "type",
                    ),
                    *(
                        "id",
                        "from",
                        "timestamp",
                        "text",
                        "interactive",
                        "contacts",
                        "history",
                        "edit",
                    ),
                    *(
                        "metadata",
                        "phone_number_id",
                        "threads",
                        "nfm_reply",
                        "response_json",
                        "system",
                    ),
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_json_makes_it_raise(body):
    inbound.numbers(body)
    for item in parse(body).items:
        json.dumps(item.raw, allow_nan=False, ensure_ascii=False).encode()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(JSON, max_size=3),
    st.sampled_from(["messages", "smb_message_echoes", "history"]),
    JSON,
)
def test_no_json_beside_it_loses_a_good_message(junk, field, junk_value):
    good = text_message("wamid.good", to="573001112233")
    key = "message_echoes" if field == "smb_message_echoes" else "messages"
    body = body_with(**{"field": field, key: [*junk, good, *junk]}, contacts=junk)
    body["entry"] = [junk_value, *body["entry"], {"changes": junk}]
    found = [item for item in parse(body).items if isinstance(item, InboundMessage)]
    assert "wamid.good" in [message.id for message in found]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["interactive", "image", "contacts", "order", "edit", "system"]), JSON)
def test_a_message_whose_own_object_is_junk_is_still_a_message(kind, junk):
    raw = text_message("wamid.good", type=kind, **{kind: junk}, context=junk, errors=junk)
    (item,) = parse(body_with(messages=[raw])).items
    assert isinstance(item, InboundMessage)
    assert item.kind == kind
