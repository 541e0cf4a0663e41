"""The 24 hours in which a contact may be answered: what opens, keeps and closes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from conversations import outbox
from conversations.models import Contact, Conversation, Message
from conversations.services import WindowClosed, reply_as_agent
from conversations.whatsapp.errors import Action, GraphError
from tests.journeys.shop import ANA, Shop, incoming, seconds_ago

DAY = timedelta(hours=24)
FREE: dict[str, Any] = {
    "pricing": {"pricing_model": "PMP", "type": "free_customer_service", "category": "utility"}
}


def closes(shop: Shop) -> datetime | None:
    return shop.chat().window_closes_at


def moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def template_of(shop: Shop, **window: Any) -> Message:
    """A template that Meta has accepted, in a chat whose window is as given."""
    with shop.inside():
        Conversation.objects.update(**window)
        return Message.objects.create(
            conversation=Conversation.objects.get(),
            direction="out",
            kind="template",
            status="accepted",
            author="agent",
            wamid="wamid.template",
            send_key=Message.new_send_key(),
            at=timezone.now(),
        )


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"body": "hola"}),
        ("reaction", {"message_id": "wamid.x", "emoji": "👍"}),
        ("unsupported", None),
    ],
)
def test_whatever_a_contact_does_opens_a_day_counted_by_whatsapps_clock(
    shop: Shop, kind: str, content: Any
) -> None:
    said = seconds_ago(3600)
    shop.sends(incoming(kind, content) | {"timestamp": said})
    assert closes(shop) == moment(said) + DAY


def test_an_older_message_that_comes_later_does_not_shorten_it(shop: Shop) -> None:
    said = seconds_ago(60)
    shop.says("segundo", timestamp=said)
    shop.says("primero", timestamp=seconds_ago(7200))
    assert closes(shop) == moment(said) + DAY


def test_what_we_say_does_not_open_it(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    said = seconds_ago(600)
    shop.says("hola", timestamp=said)
    shop.status(shop.last_sent().wamid or "", "delivered", pricing=FREE["pricing"])
    assert closes(shop) == moment(said) + DAY


def test_outside_it_nothing_is_tried(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.says("hola", timestamp=seconds_ago(25 * 3600))
    assert shop.meta.sends == []
    assert (shop.last_sent().status, shop.last_sent().error_code) == ("failed", 131047)
    assert "24 horas" in shop.last_sent().error_text
    agent = shop.agent("luz")
    with shop.inside(), pytest.raises(WindowClosed):
        reply_as_agent(shop.chat(), "¿sigues ahí?", agent=agent)


def test_metas_verdict_closes_it_until_the_contact_speaks(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|1|Uno")
    shop.says("hola")
    errors = [{"code": 131047, "title": "Re-engagement message"}]
    shop.status(shop.last_sent().wamid or "", "failed", errors=errors)
    assert not shop.chat().window_is_open
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]
    assert shop.chat().window_is_open


def test_a_verdict_in_metas_answer_counts_as_one_in_a_receipt(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.says("hola")
    with shop.inside():
        Message.objects.filter(direction="out").update(status="sending", wamid=None)
        message = Message.objects.select_related("conversation").get(direction="out")
        refusal = GraphError("cerrada", code=131047, action=Action.TEMPLATE_NEEDED)
        outbox.finish_send([outbox.Outcome(message, error=refusal)])
    assert shop.last_sent().status == "failed"
    assert not shop.chat().window_is_open


def test_a_late_verdict_does_not_close_what_the_contact_has_opened_since(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.says("hola")
    with shop.inside():  # it was written a while ago
        Message.objects.filter(direction="out").update(at=timezone.now() - timedelta(hours=1))
    shop.says("sigo aquí")
    errors = [{"code": 131047, "title": "Re-engagement message"}]
    shop.status(shop.sent()[0].wamid or "", "failed", errors=errors)
    assert shop.chat().window_is_open


@pytest.mark.parametrize("window_closes_at", [None, timezone.now() - timedelta(days=2)])
def test_a_free_template_proves_a_window_that_nothing_told_us_of(
    shop: Shop, window_closes_at: datetime | None
) -> None:
    """A call opens it as well, and need not reach us."""
    shop.says("hola")
    template = template_of(shop, window_closes_at=window_closes_at)
    sent = seconds_ago(60)
    shop.status(template.wamid or "", "sent", timestamp=sent, **FREE)
    assert closes(shop) == moment(sent) + DAY


def test_the_end_that_meta_names_is_the_end(shop: Shop) -> None:
    """Older versions of the webhook tell of the conversation."""
    shop.says("hola")
    template = template_of(shop, window_closes_at=None)
    end = str(int(seconds_ago(0)) + 3600)
    talk = {"id": "c", "expiration_timestamp": end, "origin": {"type": "service"}}
    shop.status(template.wamid or "", "sent", conversation=talk)
    assert closes(shop) == moment(end)


@pytest.mark.parametrize(
    "receipt",
    [
        {"pricing": {"type": "regular", "category": "utility"}},
        {"pricing": {"type": "free_entry_point", "category": "referral_conversion"}},
        {"conversation": {"expiration_timestamp": "4000000000", "origin": {"type": "marketing"}}},
        {"pricing": "x", "conversation": [], "biz": None},
    ],
    ids=["paid", "entry point", "marketing", "nonsense"],
)
def test_other_prices_prove_nothing(shop: Shop, receipt: Any) -> None:
    shop.says("hola")
    template = template_of(shop, window_closes_at=None)
    shop.status(template.wamid or "", "sent", **receipt)
    assert closes(shop) is None


def test_a_price_does_not_stretch_a_window_that_we_know(shop: Shop) -> None:
    said = seconds_ago(3600)
    shop.says("hola", timestamp=said)
    template = template_of(shop)
    shop.status(template.wamid or "", "sent", **FREE)
    assert closes(shop) == moment(said) + DAY


def test_a_call_of_the_contact_opens_it(shop: Shop) -> None:
    shop.says("hola", timestamp=seconds_ago(30 * 3600))
    called = seconds_ago(5)
    call = {"id": "wacid.1", "from": ANA, "to": "1", "timestamp": called, "event": "connect"}
    ours = call | {"direction": "BUSINESS_INITIATED", "from": "15550000111", "to": ANA}
    shop.post(shop.envelope(field="calls", calls=[ours]))
    assert not shop.chat().window_is_open
    shop.post(shop.envelope(field="calls", calls=["x", call | {"direction": "USER_INITIATED"}]))
    assert closes(shop) == moment(called) + DAY


def test_the_chats_that_close_soon_are_found_most_urgent_first(shop: Shop) -> None:
    with shop.inside():
        hours = {name: timedelta(hours=n) for name, n in (("c", 3), ("b", 1), ("z", 9), ("a", -1))}
        for name, left in hours.items():
            contact = Contact.objects.create(user_id=name)
            Conversation.objects.create(
                contact=contact, phone_number_id="111", window_closes_at=timezone.now() + left
            )
        Conversation.objects.create(
            contact=Contact.objects.create(user_id="never"), phone_number_id="111"
        )
        soon = Conversation.objects.closing_within(timedelta(hours=4))
        assert [chat.contact.user_id for chat in soon] == ["b", "c"]


def test_finding_them_reads_the_index_and_not_the_table(shop: Shop) -> None:
    """As an agent's filter asks for them: those the user may see, a page at a time."""
    user = shop.agent("jefa", shop.role("admin").keyword)
    with shop.inside() as tenant:
        contacts = [Contact(user_id=f"u{n}") for n in range(3000)]
        Contact.objects.bulk_create(contacts)
        Conversation.objects.bulk_create(
            Conversation(
                contact_id=pk, phone_number_id="111", window_closes_at=timezone.now() + n * DAY
            )
            for n, pk in enumerate(Contact.objects.values_list("pk", flat=True))
        )
        connection = connections[tenant.alias]
        if connection.vendor == "mysql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE TABLE conversations_conversation")
        seen = Conversation.objects.visible_to(user).closing_within(timedelta(hours=4))
        plan = seen[:50].explain()
    assert "chat_window" in plan
    assert "SCAN" not in plan
    assert "filesort" not in plan
