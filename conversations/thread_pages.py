"""Which messages of a thread are on screen, and what templates need to show them.

Keyset paging both ways: the 20,000th message costs what the first one does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from conversations import selectors
from conversations.models import Conversation, Message
from conversations.recording import SILENT_KINDS
from conversations.threads import bubbles_of

PAGE = 60
ABOVE = 20  # bubbles above the one that a page is opened at
MOST_UPDATES = 500
MOST_SHOWN = 100  # bubbles on screen that a browser asks about again
_MOST_UNREAD = 500


@dataclass(frozen=True)
class Page:
    """`older_id`, `newer_id`: ask for what is before or after that message; None: nothing is."""

    messages: list[Message]
    older_id: int | None = None
    newer_id: int | None = None

    def __contains__(self, message_id: int) -> bool:
        return any(message.pk == message_id for message in self.messages)


def newest(conversation: Conversation, before: int | None = None) -> Page:
    """The end of the thread, or what comes before a message."""
    messages = selectors.thread(conversation, before=before, limit=PAGE + 1)
    page = messages[-PAGE:]
    return Page(page, older_id=page[0].pk if len(messages) > PAGE else None)


def later(conversation: Conversation, message_id: int) -> Page:
    """What comes after a message, in the thread's order."""
    messages = _from(conversation, message_id, PAGE + 2)
    page = messages[1 : PAGE + 1]
    return Page(page, newer_id=page[-1].pk if len(messages) == PAGE + 2 else None)


def around(conversation: Conversation, message_id: int) -> Page:
    """A message in its place. Empty when the thread does not have it."""
    below = _from(conversation, message_id, PAGE - ABOVE + 1)
    if not below:
        return Page([])
    above = selectors.thread(conversation, before=message_id, limit=ABOVE + 1)
    messages = above[-ABOVE:] + below[: PAGE - ABOVE]
    return Page(
        messages,
        older_id=messages[0].pk if len(above) > ABOVE else None,
        newer_id=messages[-1].pk if len(below) > PAGE - ABOVE else None,
    )


def updates(conversation: Conversation, after: int, shown: Sequence[int]) -> list[Message]:
    """What was stored after message `after`, however old, and how the `shown` ones are now."""
    fresh = selectors.thread(conversation, after=after)
    wanted = {pk for pk in shown[:MOST_SHOWN] if pk <= after}
    if not wanted:
        return fresh
    bubbles = conversation.messages.bubbles().select_related(*selectors.SHOWN_WITH)
    return [*bubbles.filter(pk__in=wanted), *fresh]


def opening_context(conversation: Conversation, wanted: int | None = None) -> dict[str, Any]:
    """A chat as it opens: at message `wanted`, else at the first unread one, else at its end."""
    unread_id = first_unread(conversation)
    page = end = newest(conversation)
    target = wanted or unread_id
    if target and target not in page:
        page = around(conversation, target)
    is_missing = bool(wanted) and not page.messages
    return page_context(conversation, page if page.messages else end) | {
        "unread_id": unread_id,
        "unread_count": conversation.unread_count,
        "found_id": wanted,
        "found_is_missing": is_missing,
        "last_id": max((message.pk for message in end.messages), default=0),
    }


def page_context(conversation: Conversation, page: Page) -> dict[str, Any]:
    bubbles = bubbles_of(conversation, page.messages)
    found = {"chat": conversation, "bubbles": bubbles}
    return found | {"older_id": page.older_id, "newer_id": page.newer_id}


def first_unread(conversation: Conversation) -> int | None:
    """The first of the last `unread_count` messages of the contact."""
    if not conversation.unread_count:
        return None
    heard = conversation.messages.filter(direction=Message.Direction.IN)
    heard = heard.exclude(kind__in=SILENT_KINDS).order_by("-at", "-pk")
    count = min(conversation.unread_count, _MOST_UNREAD)
    unread = list(heard.values_list("pk", flat=True)[:count])
    return unread[-1] if unread else None


def _from(conversation: Conversation, message_id: int, limit: int) -> list[Message]:
    """That message and the next ones; nothing if it is not in the thread."""
    bubbles = conversation.messages.bubbles().select_related(*selectors.SHOWN_WITH)
    at = bubbles.filter(pk=message_id).values_list("at", flat=True).first()
    if at is None:
        return []
    place = Q(at__gte=at) & (
        Q(at__gt=at) | Q(pk__gte=message_id)
    )  # the first: a range of the index
    return list(bubbles.filter(place).order_by("at", "pk")[:limit])
