"""Pages of a thread: both ways by key, around any message, and what is new."""

import datetime as dt
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from conversations import thread_pages
from conversations.models import Conversation, Message
from conversations.own_rows import add_event, add_note
from tenants.models import User
from tests.conversations.test_views import (  # noqa: F401  (fixtures)
    ana,
    chat,
    make_chat,
    say,
    text_of,
)


@pytest.fixture
def long(chat: Conversation) -> list[int]:  # noqa: F811
    """200 messages, several a second; their ids in the thread's order."""
    now = timezone.now()
    said = [say(chat, f"m{n}", at=now + dt.timedelta(seconds=n // 7)) for n in range(200)]
    return [message.pk for message in said]


def ids(page: thread_pages.Page) -> list[int]:
    return [message.pk for message in page.messages]


def test_a_thread_is_read_downwards_without_gaps_or_doubles(
    chat: Conversation,  # noqa: F811
    long: list[int],
) -> None:
    page = thread_pages.around(chat, long[0])
    seen = ids(page)
    while page.newer_id:
        page = thread_pages.later(chat, page.newer_id)
        seen += ids(page)
    assert seen == long
    assert page.older_id is None


def test_a_page_around_a_message_has_it_and_says_that_there_is_more_on_both_sides(
    chat: Conversation,  # noqa: F811
    long: list[int],
) -> None:
    page = thread_pages.around(chat, long[100])
    assert ids(page) == long[80:140]
    assert (page.older_id, page.newer_id) == (long[80], long[139])
    assert thread_pages.around(chat, long[199]).newer_id is None
    assert thread_pages.around(chat, long[0]).older_id is None


def test_around_a_message_of_another_chat_there_is_nothing(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
    long: list[int],
) -> None:
    other = say(make_chat("Otro", "573009998877"), "ajeno")
    assert thread_pages.around(chat, other.pk).messages == []
    page = ana.get(f"/chats/{chat.pk}/mensajes", {"around": other.pk})
    assert "ajeno" not in text_of(page)
    assert ana.get(f"/chats/{chat.pk}/mensajes/{other.pk}/info").status_code == 404
    opened = ana.get(f"/chats/{chat.pk}/", {"mensaje": other.pk})
    assert opened.context["bubbles"][-1].message.pk == long[-1]
    assert opened.context["found_is_missing"]


@pytest.mark.parametrize(("unread", "first"), [(1, 199), (150, 50), (9999, 0)])
def test_a_chat_opens_at_the_first_of_its_unread_messages(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
    long: list[int],
    unread: int,
    first: int,
) -> None:
    Conversation.objects.filter(pk=chat.pk).update(unread_count=unread)
    opened = ana.get(f"/chats/{chat.pk}/")
    assert opened.context["unread_id"] == long[first]
    assert long[first] in [bubble.message.pk for bubble in opened.context["bubbles"]]


def test_neither_reactions_nor_our_own_words_count_as_unread(
    chat: Conversation,  # noqa: F811
) -> None:
    asked = say(chat, "¿hola?")
    say(chat, "aquí estoy", direction="out", author="bot", status="read")
    say(chat, "👍", kind="reaction", context_wamid=asked.wamid)
    chat.unread_count = 1
    assert thread_pages.first_unread(chat) == asked.pk


def test_what_is_on_screen_is_told_again_with_what_is_new(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
    long: list[int],
) -> None:
    query = {"after": long[197], "shown": f"{long[3]},x,²,{long[199]}"}
    found = ana.get(f"/chats/{chat.pk}/mensajes", query).context["bubbles"]
    assert [bubble.message.pk for bubble in found] == [long[3], long[198], long[199]]


def test_opening_a_long_chat_in_its_middle_costs_few_queries(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
    long: list[int],
    django_assert_max_num_queries: Any,
) -> None:
    with django_assert_max_num_queries(11, connection=connections["t_acme"]):
        thread_pages.opening_context(chat, long[100])


def test_notes_and_events_are_told_apart_from_what_was_said(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
) -> None:
    user = User.objects.get(username="ana")
    add_event(chat, "taken", agent=user)
    note = add_note(chat, "ojo", agent=user)
    event, told = ana.get(f"/chats/{chat.pk}/").context["bubbles"]
    assert event.notice == "Ana tomó el chat"
    assert told.is_note
    assert told.actions == "copy info"
    info = text_of(ana.get(f"/chats/{chat.pk}/mensajes/{note.pk}/info"))
    assert "Escrito" in info


@pytest.mark.parametrize(
    ("seconds", "payload", "is_late"),
    [
        (10, {}, False),
        (300, {}, True),
        (300, {"history_context": {"status": "READ"}}, False),
        (30 * 86400, {}, False),
    ],
)
def test_late_is_what_reached_us_minutes_after_it_was_written(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
    seconds: int,
    payload: dict[str, Any],
    is_late: bool,
) -> None:
    say(chat, "hola", at=timezone.now() - dt.timedelta(seconds=seconds), payload=payload)
    (bubble,) = ana.get(f"/chats/{chat.pk}/").context["bubbles"]
    assert bubble.is_late is is_late


def test_a_reaction_of_ours_that_failed_is_not_shown(
    ana: Client,  # noqa: F811
    chat: Conversation,  # noqa: F811
) -> None:
    asked = say(chat, "hola")
    reaction = {"reaction": {"message_id": asked.wamid, "emoji": "👍"}}
    ours: dict[str, Any] = {"kind": "reaction", "context_wamid": asked.wamid, "payload": reaction}
    ours |= {"direction": "out", "author": "bot"}
    sent = say(chat, "", status="sent", **ours)
    assert ana.get(f"/chats/{chat.pk}/").context["bubbles"][0].reactions[0].who == "Bot"
    Message.objects.filter(pk=sent.pk).update(status="failed")
    assert ana.get(f"/chats/{chat.pk}/").context["bubbles"][0].reactions == ()
