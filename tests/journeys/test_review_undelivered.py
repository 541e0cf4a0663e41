"""Events of numbers that no company has: nothing is lost, and a number that is added late gets
what was sent to it."""

import io
from typing import Any

from django.core.management import call_command

from conversations.models import AccountEvent, Message
from tenants.models import UndeliveredEvent, WhatsAppNumber
from tests.journeys.shop import ANA, BETO, Shop, incoming, outside, person, text_message

GLOBAL = "secreto-global"


def replayed() -> str:
    out = io.StringIO()
    outside(call_command, "replay_undelivered", stdout=out)
    return out.getvalue().strip()


def to_unknown_number(shop: Shop, **value: Any) -> None:
    body = shop.envelope(number="112", contacts=[person(ANA), person(BETO)], **value)
    assert shop.post(body, secret=GLOBAL).status_code == 200


def test_a_number_that_is_added_late_gets_its_messages_answered(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|1|Uno")
    to_unknown_number(shop, messages=[text_message("hola"), text_message("hola", BETO)])
    image = incoming("image", {"id": "1", "mime_type": "image/png", "caption": "1"})
    to_unknown_number(shop, messages=[image])
    assert shop.received() == []
    WhatsAppNumber.objects.create(tenant=shop.tenant, phone_number_id="112")
    shop.meta.graph.add_number("112", "T1", app_secret="secreto-acme", waba_id="9111")
    assert replayed() == "3 eventos entregados"
    assert [row.body for row in shop.received()] == ["hola", "hola", "1"]
    assert {row.status for row in shop.received()} == {"answered"}
    assert sorted(body["to"] for body in shop.meta.calls_of("112")) == [ANA, ANA, BETO]
    assert shop.contact().profile_name == "Cliente 2233"
    assert not UndeliveredEvent.objects.exists()


def test_replaying_twice_or_beside_metas_own_repetition_changes_nothing(shop: Shop) -> None:
    message = text_message("hola")
    to_unknown_number(shop, messages=[message])
    to_unknown_number(shop, messages=[message])
    WhatsAppNumber.objects.create(tenant=shop.tenant, phone_number_id="112")
    assert replayed() == "2 eventos entregados"
    assert replayed() == "0 eventos entregados"
    assert len(shop.received()) == 1


def test_what_still_belongs_to_nobody_stays(shop: Shop, other_shop: Shop) -> None:
    to_unknown_number(shop, messages=[text_message("hola")])
    assert replayed() == "0 eventos entregados"
    assert UndeliveredEvent.objects.count() == 1


def test_every_kind_of_event_can_be_replayed(shop: Shop) -> None:
    receipt = {"id": "wamid.x", "status": "sent", "timestamp": "1788868800", "recipient_id": ANA}
    to_unknown_number(shop, statuses=[receipt], errors=[{"code": 130429}], messages=["roto"])
    assert UndeliveredEvent.objects.count() == 3
    WhatsAppNumber.objects.create(tenant=shop.tenant, phone_number_id="112")
    assert replayed() == "3 eventos entregados"
    with shop.inside():
        assert set(AccountEvent.objects.values_list("field", flat=True)) == {"errors", "bad_item"}
        assert not Message.objects.exists()
