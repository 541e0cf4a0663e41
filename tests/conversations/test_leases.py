"""A worker keeps its chat for as long as it works, and a dead one not for long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import inbox, leases
from conversations.inbox import Work
from conversations.models import Contact, Conversation, Message
from tenants.models import Tenant
from tests.meta import FakeMeta


@pytest.fixture
def work(acme: Tenant) -> Work:
    """A chat under a lease that is about to end."""
    chat = Conversation.objects.create(
        contact=Contact.objects.create(wa_id="573001112233"),
        phone_number_id="111",
        window_closes_at=timezone.now() + timedelta(hours=1),
    )
    claimed = inbox.claim([(chat.pk, None)])[0]
    assert claimed is not None
    row(chat).update(lease_until=timezone.now() + timedelta(seconds=1))
    return claimed


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every worker had been at it for longer than RENEW_SECONDS."""
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.0)


def row(chat: Conversation) -> "inbox.outbox.MessageQuerySet":
    return Conversation.objects.filter(pk=chat.pk)


def seconds_left(chat: Conversation) -> float:
    chat.refresh_from_db()
    assert chat.lease_until is not None
    return (chat.lease_until - timezone.now()).total_seconds()


@pytest.mark.usefixtures("_at_once")
def test_the_lease_of_a_worker_that_takes_long_is_renewed(work: Work) -> None:
    with leases.kept(work.conversation.pk, work.token):
        assert leases.renew_all() == 1
    assert seconds_left(work.conversation) > 15
    assert inbox.claim([(work.conversation.pk, None)]) == [None]


def test_a_worker_that_is_quick_costs_no_renewal(work: Work) -> None:
    with leases.kept(work.conversation.pk, work.token):
        assert leases.renew_all() == 0
    assert seconds_left(work.conversation) < 1


@pytest.mark.usefixtures("_at_once")
def test_a_lease_that_another_has_taken_stays_the_others(work: Work) -> None:
    with leases.kept(work.conversation.pk, work.token):
        row(work.conversation).update(lease_owner="another")
        assert leases.renew_all() == 0
    assert seconds_left(work.conversation) < 1


@pytest.mark.usefixtures("_at_once")
def test_nobody_renews_the_lease_of_a_worker_that_has_ended(work: Work) -> None:
    with pytest.raises(ValueError, match="broken"), leases.kept(work.conversation.pk, work.token):
        raise ValueError("broken")
    assert leases.renew_all() == 0


@pytest.mark.usefixtures("_at_once")
def test_a_worker_that_hangs_loses_its_chat_in_the_end(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "KEPT_SECONDS", 0.0)
    with leases.kept(work.conversation.pk, work.token):
        assert leases.renew_all() == 0


def test_a_worker_whose_chat_was_taken_stops_sending(work: Work, meta: FakeMeta) -> None:
    """The other one has the first message on its way; the second must not overtake it."""
    chat = work.conversation
    for text in ("one", "two"):
        Message.objects.create(
            conversation=chat,
            direction="out",
            kind="text",
            status="queued",
            author="bot",
            send_key=Message.new_send_key(),
            payload={"type": "text", "text": {"body": text}},
            at=timezone.now(),
        )
    work.outgoing = list(Message.objects.order_by("pk"))
    Message.objects.filter(pk=work.outgoing[0].pk).update(status="sending")
    delivery = inbox.outbox.Delivery(chat, work.outgoing)
    delivery.run()
    assert delivery.due is None
    assert meta.calls == []
