"""Chats that are out of the list until a time. The contact's next message brings them back before
it (chats.py)."""

from datetime import datetime

from django.utils import formats, timezone

from conversations.models import Conversation
from conversations.own_rows import add_event
from tenants.context import atomic
from tenants.models import User

MOST_AT_ONCE = 500


def snooze(chat: Conversation, until: datetime, *, agent: User) -> None:
    """`until` is aware and to come."""
    words = formats.date_format(timezone.localtime(until), "j M H:i")
    with atomic():
        Conversation.objects.filter(pk=chat.pk).update(snoozed_until=until)
        add_event(chat, "snoozed", agent=agent, until=words)
    chat.snoozed_until = until


def wake(chat: Conversation, *, agent: User | None = None) -> bool:
    """Whether it slept."""
    with atomic():
        asleep = Conversation.objects.filter(pk=chat.pk).exclude(snoozed_until=None)
        if not asleep.update(snoozed_until=None):
            return False
        add_event(chat, "woken", agent=agent)
    chat.snoozed_until = None
    return True


def wake_due() -> bool:
    """Bring back the chats whose time has come. Whether others sleep on."""
    now = timezone.now()
    asleep = Conversation.objects.exclude(snoozed_until=None)
    due = asleep.filter(snoozed_until__lte=now).order_by("snoozed_until")
    for pk in list(due.values_list("pk", flat=True)[:MOST_AT_ONCE]):
        _wake_one(pk, now)
    return asleep.exists()


def _wake_one(pk: int, now: datetime) -> None:
    """Unless it was put off again meanwhile."""
    with atomic():
        if Conversation.objects.filter(pk=pk, snoozed_until__lte=now).update(snoozed_until=None):
            add_event(Conversation(pk=pk), "woken")
