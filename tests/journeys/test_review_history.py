"""History that comes late: a number that moves from the phone app brings months of messages."""

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from conversations import chat_rows, selectors
from conversations.chat_filters import ChatFilter
from conversations.models import Message
from tests.journeys.shop import ANA, BETO, Shop, incoming, outside, seconds_ago

DAY = 86_400


def history(shop: Shop, count: int, by: str = ANA, days: int = 30) -> None:
    """`count` old messages of one contact, the oldest first."""
    old = [
        incoming("text", {"body": f"viejo {n}"}, by) | {"timestamp": seconds_ago(days * DAY - n)}
        for n in range(count)
    ]
    chunk = {"metadata": {"phase": 0}, "threads": [{"id": by, "messages": old}]}
    assert shop.post(shop.envelope(field="history", history=[chunk])).status_code == 200


def test_old_messages_that_come_late_are_pages_further_up(shop: Shop) -> None:
    for n in range(5):
        shop.says(f"nuevo {n}")
    history(shop, 12)
    with shop.inside():
        newest = selectors.thread(shop.chat(), limit=8)
        assert [m.body for m in newest][-5:] == [f"nuevo {n}" for n in range(5)]
        assert [m.body for m in newest][:3] == ["viejo 9", "viejo 10", "viejo 11"]
        older = selectors.thread(shop.chat(), before=newest[0].pk, limit=8)
        assert [m.body for m in older] == [f"viejo {n}" for n in range(1, 9)]
        first = selectors.thread(shop.chat(), before=older[0].pk, limit=8)
        assert [m.body for m in first] == ["viejo 0"]


def test_pages_of_one_second_lose_and_repeat_nothing(shop: Shop) -> None:
    at = seconds_ago(5)
    shop.sends(*(incoming("text", {"body": str(n)}) | {"timestamp": at} for n in range(9)))
    with shop.inside():
        Message.objects.filter(direction="out").delete()
        page = selectors.thread(shop.chat(), limit=4)
        seen = [m.body for m in page]
        while page:
            page = selectors.thread(shop.chat(), before=page[0].pk, limit=4)
            seen = [m.body for m in page] + seen
    assert seen == [str(n) for n in range(9)]


def test_a_page_before_a_message_of_another_chat_is_empty(shop: Shop) -> None:
    shop.says("hola")
    shop.says("hola", by=BETO)
    with shop.inside():
        stranger = shop.chat(BETO).messages.get()
        assert selectors.thread(shop.chat(), before=stranger.pk) == []


def test_the_inbox_pages_back_through_late_history(shop: Shop) -> None:
    shop.says("nuevo")
    history(shop, 70)
    shop.agent("luz")
    client = Client()
    login = {"company": "acme", "username": "luz", "password": "Clave-1234"}
    assert outside(client.post, "/login", login).status_code == 302
    pages = [outside(client.get, f"/chats/{shop.chat().pk}/").content.decode()]
    while older := re.search(r'data-before="(\d+)"', pages[-1]):
        url = f"/chats/{shop.chat().pk}/mensajes?before={older[1]}"
        pages.append(outside(client.get, url).content.decode())
    assert len(pages) == 2
    assert {f"viejo {n}" for n in range(70)} <= set(re.findall(r"viejo \d+", "".join(pages)))


def test_imported_chats_do_not_rise_above_those_of_today(shop: Shop) -> None:
    shop.says("hoy")
    history(shop, 3, by=BETO)
    agent = shop.agent("luz")
    with shop.inside():
        assert [chat.contact.wa_id for chat in chat_rows.page_of(agent, ChatFilter()).chats] == [
            ANA,
            BETO,
        ]
        assert shop.chat(BETO).last_message_at < timezone.now() - timedelta(days=29)
        assert shop.chat(BETO).unread_count == 0
