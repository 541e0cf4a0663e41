"""Every recorded payload through the real door, against an independent list of what it holds.

Numbers 109876543210001 and …3 are acme's, …2 is beta's; one Meta app serves both. Times are moved
to now, so that anything the bot should not have answered would really leave.
"""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse

from conversations.models import (
    AccountEvent,
    Contact,
    Conversation,
    Message,
    PendingStatus,
)
from tenants.context import tenant_context
from tenants.models import Tenant, UndeliveredEvent, WhatsAppNumber
from tests.journeys.conftest import DATA
from tests.journeys.shop import Json, Shop

ACME_NUMBERS, BETA_NUMBERS = ("109876543210001", "109876543210003"), ("109876543210002",)
WABAS = {"100200300400501": "acme", "100200300400502": "beta"}
OWNERS = dict.fromkeys(ACME_NUMBERS, "acme") | dict.fromkeys(BETA_NUMBERS, "beta")
T0 = 1788868800
ANA, BEN, BEN_ID = "12125550141", "447700900123", "GB.58120347719604425"
ANA_GROUP = "Y2FwaV9ncm91cDoxNTU1NTU1MDEwMToxMjAzNjM0MDAwMDAwMDAwMDAZD"
PAYLOADS: dict[str, Any] = json.loads((DATA / "payloads.json").read_text(encoding="utf-8"))
EXPECTED: dict[str, Any] = json.loads((DATA / "payloads.expect.json").read_text(encoding="utf-8"))
# Stored as rows although they come under an account field (echoes, history).
ROWS_OF_FIELDS = {"smb_message_echo_revoke": "revoke", "history_media_followup": "image"}
BAD_ITEMS = {
    "one_bad_item_among_good": "wamid.HBgLMTIxMjU1NTAxNDEVAgASGBQzQUZFMzcyMjkzQUM2RkM4NzY3RAA="
}
NEVER_ANSWERED = {"reaction", "edit", "revoke", "system"}


def recent(body: Any) -> Any:
    """The payload as if it had happened ten minutes ago."""
    shift = int(time.time()) - 600 - T0

    def moved(match: re.Match[str]) -> str:
        return str(int(match[0]) + shift)

    return json.loads(re.sub(r"\b1788[0-9]{6}\b", moved, json.dumps(body)))


@dataclass
class Business:
    """Both companies behind one app."""

    shop: Shop
    companies: dict[str, Tenant]

    def post(self, name_or_body: str | Json) -> HttpResponse:
        is_name = isinstance(name_or_body, str)
        body = PAYLOADS[name_or_body] if is_name else name_or_body
        return self.shop.post(recent(body), secret="secreto-global")

    def rows(self, key: str, model: Any = Message, **wanted: Any) -> list[Any]:
        with tenant_context(self.companies[key]):
            return list(model.objects.filter(**wanted).order_by("pk"))

    def incoming(self, key: str) -> list[Message]:
        return self.rows(key, author="contact")

    def sent(self) -> list[Json]:
        return self.shop.meta.calls


@pytest.fixture
def business(shop: Shop, other_shop: Shop, companies: Any) -> Business:
    for tenant, numbers in ((companies.acme, ACME_NUMBERS), (companies.beta, BETA_NUMBERS)):
        tenant.app_secret = ""  # the installation's app
        tenant.save()
        waba = next(waba for waba, key in WABAS.items() if key == tenant.key)
        for number in numbers:
            WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=number, waba_id=waba)
            shop.meta.graph.add_number(number, tenant.meta_token, waba_id=waba)
    for one in (shop, other_shop):
        one.rules("menu_principal|iniciar|Menu", "menu_principal|*|Dime")
    return Business(shop, {"acme": companies.acme, "beta": companies.beta})


def units(name: str, kind: str, key: str) -> list[Json]:
    return [
        unit
        for unit in EXPECTED[name]["units"]
        if unit["kind"] == kind
        and (OWNERS.get(unit["phone_number_id"]) or WABAS[unit["waba"]]) == key
        and unit.get("id") != BAD_ITEMS.get(name, "-")
    ]


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_unit_lands_in_its_company_and_nowhere_else(business: Business, name: str) -> None:
    assert business.post(name).status_code == 200
    for key in ("acme", "beta"):
        wanted = {unit["id"]: unit["type"] for unit in units(name, "message", key)}
        stored = {row.wamid: row.kind for row in business.incoming(key)}
        if name in ROWS_OF_FIELDS and key == "acme":
            rows = business.rows(key, kind=ROWS_OF_FIELDS[name])
            assert len(rows) == 1
            stored = {}
        assert stored == wanted
        parked = sorted(row.wamid for row in business.rows(key, PendingStatus))
        assert parked == sorted(unit["id"] for unit in units(name, "status", key))
    assert not UndeliveredEvent.objects.exists()


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_account_event_is_kept_by_its_company(business: Business, name: str) -> None:
    business.post(name)
    for key in ("acme", "beta"):
        fields = [unit["field"] for unit in units(name, "field", key)]
        wanted = ["errors"] * len(units(name, "error", key)) + fields
        if name in ROWS_OF_FIELDS:
            wanted = []
        if name in BAD_ITEMS and key == "acme":
            wanted = ["bad_item"]
        assert [row.field for row in business.rows(key, AccountEvent)] == wanted


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_posted_twice_changes_nothing_more(business: Business, name: str) -> None:
    business.post(name)
    before = [row.wamid for key in ("acme", "beta") for row in business.incoming(key)]
    sent = len(business.sent())
    assert business.post(name).status_code == 200
    assert [row.wamid for key in ("acme", "beta") for row in business.incoming(key)] == before
    assert len(business.sent()) == sent


@pytest.mark.parametrize("name", PAYLOADS)
def test_only_what_people_say_is_answered(business: Business, name: str) -> None:
    business.post(name)
    told = {
        unit["phone_number_id"]
        for unit in EXPECTED[name]["units"]
        if unit["kind"] == "message" and unit["type"] not in NEVER_ANSWERED
    }
    answered = {number for number, _, _ in business.shop.meta.sends}
    assert answered == told
    for key in ("acme", "beta"):
        assert all(row.answered_at for row in business.incoming(key))


@pytest.mark.parametrize("name", [n for n in PAYLOADS if n.startswith("status")])
def test_receipts_of_messages_we_know_are_applied(business: Business, name: str) -> None:
    business.post("text_simple")
    (chat,) = business.rows("acme", Conversation)
    ids = {unit["id"] for unit in units(name, "status", "acme")}
    with tenant_context(business.companies["acme"]):
        ours = [
            Message.objects.create(
                conversation=chat,
                direction="out",
                kind="text",
                status="accepted",
                author="bot",
                wamid=wamid,
                send_key=Message.new_send_key(),
                at=chat.last_message_at,
            ).pk
            for wamid in ids
        ]
    business.post(name)
    assert business.rows("acme", PendingStatus) == []
    found = {row.status for row in business.rows("acme", pk__in=ours)}
    assert found == {FINAL.get(name) or units(name, "status", "acme")[-1]["status"]}


FINAL = {
    "statuses_out_of_order_batch": "read",
    "status_unknown_value": "accepted",
    "status_group_read": "accepted",  # one participant is not the group
    "status_failed_minimal_error": "queued",  # 131000 may pass: it is sent again
}


def test_the_two_good_items_beside_a_bad_one_are_kept(business: Business) -> None:
    business.post("one_bad_item_among_good")
    assert [row.body for row in business.incoming("acme")] == ["good 1", "good 2"]
    (event,) = business.rows("acme", AccountEvent)
    assert BAD_ITEMS["one_bad_item_among_good"] in json.dumps(event.payload)


def test_another_products_webhook_is_nothing_to_us(business: Business) -> None:
    assert business.post("wrong_object_page").status_code == 200
    for key in ("acme", "beta"):
        for model in (Message, Contact, AccountEvent, PendingStatus):
            assert business.rows(key, model) == []


def test_a_rebatched_repetition_adds_only_the_new_message(business: Business) -> None:
    first = json.loads(json.dumps(PAYLOADS["duplicate_redelivery_rebatched"]))
    for change in first["entry"][0]["changes"]:
        change["value"]["messages"] = change["value"]["messages"][:1]
    business.post(first)
    assert len(business.incoming("acme")) == 2
    business.post("duplicate_redelivery_rebatched")
    rows = business.incoming("acme")
    assert [row.body for row in rows] == ["one", "", "new one"]


def test_one_client_of_two_numbers_has_two_chats_and_is_one_contact(business: Business) -> None:
    business.post("two_changes_two_phone_numbers")
    chats = business.rows("acme", Conversation)
    assert {chat.phone_number_id for chat in chats} == set(ACME_NUMBERS)
    assert len(business.rows("acme", Contact)) == 1
    assert business.rows("beta", Contact) == []


def test_one_client_of_two_companies_is_two_contacts(business: Business) -> None:
    business.post("two_entries_two_wabas")
    (mine,), (yours,) = business.rows("acme", Contact), business.rows("beta", Contact)
    assert mine.wa_id == yours.wa_id
    assert {(number, token) for number, token, _ in business.shop.meta.sends} == {
        (ACME_NUMBERS[0], "T1"),
        (BETA_NUMBERS[0], "T2"),
    }


def test_texts_are_stored_exactly(business: Business) -> None:
    for name in ("text_emoji_rtl", "text_4096_chars", "text_empty_body"):
        business.post(name)
    wanted = [
        PAYLOADS[name]["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"]
        for name in ("text_emoji_rtl", "text_4096_chars", "text_empty_body")
    ]
    assert [row.body for row in business.incoming("acme")] == wanted


def test_what_no_database_takes_is_replaced(business: Business) -> None:
    business.post("text_lone_surrogate")
    business.post("text_nul_character")
    surrogate, nul = business.incoming("acme")
    assert "\ufffd" in surrogate.body
    for row in (surrogate, nul):
        kept = row.body + json.dumps(row.payload, ensure_ascii=False)
        assert "\0" not in kept
        kept.encode()


def test_two_equal_texts_of_one_second_are_two_messages(business: Business) -> None:
    business.post("text_same_text_twice_distinct_ids")
    first, second = business.incoming("acme")
    assert (first.body, first.at) == (second.body, second.at)


def test_a_client_without_number_is_a_contact_by_user_id_and_is_answered(
    business: Business,
) -> None:
    business.post("text_username_only_no_phone")
    (contact,) = business.rows("acme", Contact)
    assert (contact.wa_id, contact.user_id) == (None, BEN_ID)
    assert contact.profile_name == "Ben O'Neil"
    assert business.sent()[0]["recipient"] == BEN_ID
    assert "to" not in business.sent()[0]


def test_names_are_matched_by_id_and_not_by_place(business: Business) -> None:
    business.post("text_contact_mismatch_order")
    payload = PAYLOADS["text_contact_mismatch_order"]["entry"][0]["changes"][0]["value"]
    names = {person["wa_id"]: person["profile"]["name"] for person in payload["contacts"]}
    for row in business.rows("acme", Contact):
        assert row.profile_name == names[row.wa_id]


def test_a_changed_number_keeps_its_chat(business: Business) -> None:
    business.post("text_simple")
    (chat,) = business.rows("acme", Conversation)
    business.post("system_number_changed")
    (contact,) = business.rows("acme", Contact)
    assert contact.wa_id == "12125550199"
    assert [row.conversation_id for row in business.incoming("acme")] == [chat.pk, chat.pk]


def test_a_changed_user_id_keeps_its_chat(business: Business) -> None:
    body = json.loads(json.dumps(PAYLOADS["text_username_only_no_phone"]))
    body["entry"][0]["id"] = "100200300400502"
    value = body["entry"][0]["changes"][0]["value"]
    value["metadata"]["phone_number_id"] = BETA_NUMBERS[0]
    business.post(body)
    business.post("system_user_id_changed")
    (contact,) = business.rows("beta", Contact)
    assert contact.user_id == "GB.11111111111111111"
    assert len(business.rows("beta", Conversation)) == 1


def test_a_changed_number_that_is_known_already_loses_nobody(business: Business) -> None:
    business.post("text_simple")
    body = json.loads(json.dumps(PAYLOADS["text_simple"]).replace(ANA, "12125550199"))
    message = body["entry"][0]["changes"][0]["value"]["messages"][0]
    message["id"], message["from_user_id"] = "wamid.other", "US.2"
    body["entry"][0]["changes"][0]["value"]["contacts"][0]["user_id"] = "US.2"
    business.post(body)
    assert business.post("system_number_changed").status_code == 200
    assert len(business.incoming("acme")) == 3
    late = json.loads(json.dumps(body))
    late["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.later"
    assert business.post(late).status_code == 200
    assert len(business.incoming("acme")) == 4


def test_stop_opts_the_contact_out_and_resume_lets_it_in_again(business: Business) -> None:
    business.post("text_simple")
    business.post("user_preferences_stop")
    (contact,) = business.rows("acme", Contact)
    assert contact.opted_out_at is not None
    body = json.loads(json.dumps(PAYLOADS["user_preferences_stop"]).replace('"stop"', '"resume"'))
    business.post(body)
    (contact,) = business.rows("acme", Contact)
    assert contact.opted_out_at is None


def test_stop_of_someone_who_never_wrote_is_kept(business: Business) -> None:
    business.post("user_preferences_stop")
    business.post("text_simple")
    (contact,) = business.rows("acme", Contact)
    assert contact.opted_out_at is not None


def test_a_group_is_a_chat_of_its_own_without_bot(business: Business) -> None:
    business.post("text_simple")
    sent = len(business.sent())
    body = json.loads(json.dumps(PAYLOADS["text_simple"]))
    message = body["entry"][0]["changes"][0]["value"]["messages"][0]
    message |= {"id": "wamid.group", "group_id": ANA_GROUP, "text": {"body": "a todos"}}
    business.post(body)
    assert len(business.sent()) == sent
    one, group = business.rows("acme", Conversation)
    assert [row.body for row in business.rows("acme", conversation=group.pk)] == ["a todos"]
    assert group.contact_id != one.contact_id
    (person,) = business.rows("acme", Contact, wa_id=ANA)
    assert person.group_id is None


def test_history_is_imported_quietly(business: Business) -> None:
    business.post("history_media_followup")
    (row,) = business.rows("acme")
    assert row.answered_at is not None
    (chat,) = business.rows("acme", Conversation)
    assert chat.unread_count == 0
    assert business.sent() == []


def test_a_filled_form_is_opened_and_a_broken_one_kept_raw(business: Business) -> None:
    business.post("interactive_nfm_reply_flow")
    business.post("interactive_nfm_reply_no_token_bad_json")
    good, bad = business.incoming("acme")
    assert isinstance(good.payload["interactive"]["nfm_reply"]["fields"], dict)
    assert "fields" not in bad.payload["interactive"]["nfm_reply"]
    assert bad.payload["interactive"]["nfm_reply"]["response_json"]


def test_the_files_name_is_data_and_nothing_else(business: Business) -> None:
    business.post("document_no_filename")
    business.post("document_pdf")
    assert [row.kind for row in business.incoming("acme")] == ["document", "document"]


def test_an_unknown_number_is_kept_for_the_superadmins(business: Business) -> None:
    body = json.loads(json.dumps(PAYLOADS["text_simple"]))
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999999999999999"
    assert business.post(body).status_code == 200
    (event,) = UndeliveredEvent.objects.all()
    assert (event.phone_number_id, event.waba_id) == ("999999999999999", "100200300400501")
    assert event.body["raw"]["text"]["body"]
    for key in ("acme", "beta"):
        assert business.rows(key) == []


def test_an_unknown_number_costs_its_neighbours_nothing(business: Business) -> None:
    body = json.loads(json.dumps(PAYLOADS["two_entries_two_wabas"]))
    body["entry"][1]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999999999999999"
    assert business.post(body).status_code == 200
    assert len(business.incoming("acme")) == 1
    assert UndeliveredEvent.objects.count() == 1


def test_an_account_event_of_an_unknown_account_is_kept_too(business: Business) -> None:
    body = json.loads(json.dumps(PAYLOADS["account_alerts"]).replace("100200300400501", "1"))
    assert business.post(body).status_code == 200
    assert UndeliveredEvent.objects.count() == 1
