"""Receipts: whatever order Meta sends them in, they only move forward."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from chatbot import tasks
from conversations import outbox
from conversations.models import Message, PendingStatus
from conversations.whatsapp.client import Sent
from tests.journeys.shop import ANA, Shop
from tests.journeys.threads import at_once

FORWARD = ("sent", "delivered", "read")


@pytest.fixture
def wamid(shop: Shop) -> str:
    """Of a message that Meta has accepted from acme."""
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|1|Uno")
    shop.says("hola")
    assert shop.last_sent().status == "accepted"
    return shop.last_sent().wamid or ""


def row(shop: Shop, wamid: str) -> Message:
    (found,) = shop.messages(wamid=wamid)
    return found


def parked(shop: Shop) -> list[str]:
    with shop.inside():
        return list(PendingStatus.objects.values_list("wamid", flat=True))


def unsettled(shop: Shop, **changes: Any) -> Message:
    """As if the process had died between Meta's answer and our commit."""
    with shop.inside():
        message = shop.last_sent()
        values = {"status": "sending", "wamid": None, "next_attempt_at": timezone.now()}
        Message.objects.filter(pk=message.pk).update(**values | changes)
        message.refresh_from_db()
    return message


@pytest.mark.parametrize("order", [*permutations(FORWARD)], ids="-".join)
def test_receipts_in_any_order_end_at_read_with_every_time(
    shop: Shop, wamid: str, order: tuple[str, ...]
) -> None:
    for name in order:
        assert shop.status(wamid, name).status_code == 200
    message = row(shop, wamid)
    assert message.status == "read"
    assert None not in (message.sent_at, message.delivered_at, message.read_at)


def test_each_receipt_moves_the_message_on(shop: Shop, wamid: str) -> None:
    found = []
    for name in (*FORWARD, "played"):
        shop.status(wamid, name)
        found.append(row(shop, wamid).status)
    assert found == [*FORWARD, "played"]


def test_a_doubled_receipt_keeps_the_first_time(shop: Shop, wamid: str) -> None:
    shop.status(wamid, "delivered", at=50)
    first = row(shop, wamid).delivered_at
    shop.status(wamid, "delivered", at=10)
    assert row(shop, wamid).delivered_at == first


def test_read_implies_delivered(shop: Shop, wamid: str) -> None:
    shop.status(wamid, "read")
    message = row(shop, wamid)
    assert message.delivered_at == message.read_at


def test_all_receipts_in_one_webhook(shop: Shop, wamid: str) -> None:
    receipts = [
        {"id": wamid, "status": name, "timestamp": str(1788868900 + second), "recipient_id": ANA}
        for second, name in enumerate(("read", "sent", "delivered", "delivered"))
    ]
    assert shop.post(shop.envelope(statuses=receipts)).status_code == 200
    message = row(shop, wamid)
    assert message.status == "read"
    assert message.sent_at is not None
    assert message.sent_at.timestamp() == 1788868901


def test_a_status_that_nobody_knows_changes_nothing(shop: Shop, wamid: str) -> None:
    assert shop.status(wamid, "archived").status_code == 200
    assert row(shop, wamid).status == "accepted"


def test_a_receipt_of_an_incoming_message_changes_nothing(shop: Shop, wamid: str) -> None:
    incoming = shop.received()[0].wamid or ""
    assert shop.status(incoming, "read").status_code == 200
    assert shop.received()[0].status == "answered"


def test_a_failed_status_shows_the_reason_in_spanish_and_flags_the_chat(
    shop: Shop, wamid: str
) -> None:
    error = {"code": 131047, "title": "Re-engagement message", "message": "x"}
    shop.status(wamid, "failed", errors=[error])
    message = row(shop, wamid)
    assert (message.status, message.error_code) == ("failed", 131047)
    assert message.failed_at is not None
    assert "24 horas" in message.error_text
    assert shop.attention() == "envio_fallido"


@pytest.mark.parametrize(
    "errors", [[], None, "x", [None], [{"code": "x"}], [{"code": 999999, "title": "Odd"}]], ids=str
)
def test_a_failed_status_of_any_shape_is_a_failure(shop: Shop, wamid: str, errors: Any) -> None:
    assert shop.status(wamid, "failed", errors=errors).status_code == 200
    assert row(shop, wamid).status == "failed"
    assert row(shop, wamid).error_text != ""


def test_failed_after_sent_is_failed(shop: Shop, wamid: str) -> None:
    shop.status(wamid, "sent")
    shop.status(wamid, "failed", errors=[{"code": 131026, "title": "x"}])
    shop.status(wamid, "sent")
    assert row(shop, wamid).status == "failed"


@pytest.mark.parametrize("proof", ["delivered", "read", "played"])
def test_proof_of_delivery_wins_over_failed_before_and_after(
    shop: Shop, wamid: str, proof: str
) -> None:
    shop.status(wamid, "failed", errors=[{"code": 131026, "title": "x"}])
    shop.status(wamid, proof)
    assert row(shop, wamid).status == proof
    shop.status(wamid, "failed", errors=[{"code": 131026, "title": "x"}])
    assert row(shop, wamid).status == proof


def test_a_receipt_of_an_unknown_message_is_kept(shop: Shop, wamid: str) -> None:
    assert shop.status("wamid.of-another-app", "sent").status_code == 200
    assert parked(shop) == ["wamid.of-another-app"]


def test_receipts_that_overtake_our_commit_are_applied_with_it(shop: Shop, wamid: str) -> None:
    """They carry no key of ours here: only the message id ties them to the row."""
    shop.says("1")
    waiting = shop.last_sent()
    accepted = waiting.wamid or ""
    unsettled(shop, status="queued", next_attempt_at=None)
    shop.status(accepted, "sent")
    shop.status(accepted, "read")
    assert parked(shop) == [accepted, accepted]
    with shop.inside():  # what Meta answers to the send, had it been this one
        Message.objects.filter(pk=waiting.pk).update(status="sending")
        waiting.refresh_from_db()
        outbox.finish_send([outbox.Outcome(waiting, sent=Sent(accepted))])
    message = row(shop, accepted)
    assert message.status == "read"
    assert None not in (message.sent_at, message.delivered_at, message.read_at)
    assert parked(shop) == []


@pytest.fixture
def early_receipts(shop: Shop) -> Iterator[None]:
    """Meta posts its receipts before it answers the send that they are about."""
    wait = shop.meta.hold

    def post_first(seconds: float) -> None:
        at_once(shop.deliver_statuses)
        wait(seconds)

    shop.meta.hold = post_first  # type: ignore[method-assign]
    yield
    del shop.meta.hold


def test_receipts_may_come_before_the_answer_of_the_send(shop: Shop, early_receipts: None) -> None:
    shop.rules("menu_principal|iniciar|M|a", "a|*|AAA")
    shop.says("hola")
    assert shop.out == ["M", "AAA"]
    assert [message.status for message in shop.sent()] == ["delivered", "delivered"]
    assert parked(shop) == []


def test_a_receipt_with_our_key_settles_a_send_whose_answer_was_lost(
    shop: Shop, wamid: str
) -> None:
    message = unsettled(shop)
    shop.status(wamid, "delivered", biz_opaque_callback_data=str(message.send_key))
    settled = row(shop, wamid)
    assert settled.pk == message.pk
    assert (settled.status, settled.next_attempt_at) == ("delivered", None)
    calls = len(shop.out)
    shop.wait_over()
    shop.sweep()
    assert len(shop.out) == calls
    assert row(shop, wamid).resent_at is None


def test_a_failed_receipt_with_our_key_settles_too(shop: Shop, wamid: str) -> None:
    message = unsettled(shop)
    errors = [{"code": 131026, "title": "x"}]
    shop.status(wamid, "failed", errors=errors, biz_opaque_callback_data=str(message.send_key))
    assert row(shop, wamid).status == "failed"
    shop.wait_over()
    shop.sweep()
    assert len(shop.out) == 1


def test_any_receipt_with_our_key_proves_that_meta_has_the_message(shop: Shop, wamid: str) -> None:
    message = unsettled(shop)
    shop.status(wamid, "archived", biz_opaque_callback_data=str(message.send_key))
    assert row(shop, wamid).status == "accepted"


@pytest.mark.parametrize("key", ["msg:0001", "", "0" * 600, "{}", "🦤"])
def test_another_apps_key_is_no_key_of_ours(shop: Shop, wamid: str, key: str) -> None:
    unsettled(shop)
    assert shop.status("wamid.other", "sent", biz_opaque_callback_data=key).status_code == 200
    assert parked(shop) == ["wamid.other"]
    assert shop.last_sent().status == "sending"


def test_one_participants_receipt_is_not_the_groups(shop: Shop, wamid: str) -> None:
    shop.status(wamid, "read", recipient_participant_id=ANA, recipient_type="group")
    assert row(shop, wamid).status == "accepted"


def test_receipts_of_one_company_do_not_move_anothers_messages(
    shop: Shop, other_shop: Shop, wamid: str
) -> None:
    assert other_shop.status(wamid, "read").status_code == 200
    assert row(shop, wamid).status == "accepted"
    assert parked(other_shop) == [wamid]


def test_metas_own_receipts_settle_all(shop: Shop, wamid: str) -> None:
    """The whole way: the simulated Meta's own signed receipts."""
    assert shop.deliver_statuses() == 2
    assert row(shop, wamid).status == "delivered"
    shop.meta.phone.read(shop.number, ANA)
    shop.deliver_statuses()
    assert row(shop, wamid).status == "read"


def test_parked_receipts_are_forgotten_after_meta_stopped_repeating(shop: Shop, wamid: str) -> None:
    shop.status("wamid.old", "sent")
    with shop.inside():
        PendingStatus.objects.update(received_at=timezone.now() - timedelta(days=9))
    shop.status("wamid.new", "sent")
    shop.job(tasks.forget_parked_statuses)
    assert parked(shop) == ["wamid.new"]
