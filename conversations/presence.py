"""Where agents are now: who looks at a chat, who types in it, who is there to take new ones.

Open pages say so every BEAT_SECONDS. Their desk is written only when something changed or what it
says grows old; colleagues are hinted at only when something changed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from conversations.assigning import name_of
from conversations.models import AgentDesk, Conversation
from tenants.context import current_tenant
from tenants.models import User
from whapco.lib import bus

BEAT_SECONDS = 12  # static/js/inbox/presence.js beats so often
FRESH = timedelta(seconds=10)  # a desk is not written again sooner, if nothing changed
VIEWING = timedelta(seconds=30)
TYPING = timedelta(seconds=15)
PRESENT = timedelta(seconds=90)  # browsers let a page behind others speak once a minute


@dataclass(frozen=True)
class Colleague:
    name: str
    is_typing: bool


def beat(user: User, chat: Conversation | None, *, is_typing: bool = False) -> bool:
    """The user is there, with this chat on screen. Whether they have just arrived at work."""
    now = timezone.now()
    desk = AgentDesk.objects.filter(user=user).first()
    if desk is None:
        desk = AgentDesk.objects.get_or_create(user=user)[0]
    has_arrived = desk.seen_at is None or desk.seen_at < now - PRESENT
    here = chat.pk if chat else None
    was_typing = desk.typing_at is not None and desk.typing_at > now - TYPING
    changed = has_arrived or desk.conversation_id != here or was_typing != is_typing
    if changed or desk.seen_at is None or desk.seen_at < now - FRESH:
        typing_at = now if is_typing else None
        _write(desk, seen_at=now, conversation_id=here, typing_at=typing_at)
    if changed:
        _tell({here, desk.conversation_id})
    return has_arrived


def leave(user: User, chat_id: int) -> None:
    """The user looks at that chat no more; if another page of theirs has not said otherwise."""
    there = AgentDesk.objects.filter(user=user, conversation=chat_id)
    if there.update(conversation=None, typing_at=None):
        _tell({chat_id})


def set_away(user: User, is_away: bool) -> None:
    """Whether they take no new chats."""
    AgentDesk.objects.update_or_create(user=user, defaults={"is_away": is_away})


def others_at(chat: Conversation, user: User) -> list[Colleague]:
    """The colleagues who have the chat on screen; first those who type."""
    now = timezone.now()
    desks = AgentDesk.objects.filter(conversation=chat.pk, seen_at__gt=now - VIEWING)
    desks = desks.filter(user__is_active=True).exclude(user=user).select_related("user")
    found = [
        Colleague(name_of(desk.user), bool(desk.typing_at and desk.typing_at > now - TYPING))
        for desk in desks.order_by("user__first_name", "user_id")
    ]
    return sorted(found, key=lambda one: not one.is_typing)


def _write(desk: AgentDesk, **values: Any) -> None:
    AgentDesk.objects.filter(pk=desk.pk).update(**values)


def _tell(chats: set[int | None]) -> None:
    """By hints of a kind that makes nobody fetch messages."""
    for chat in chats - {None}:
        bus.publish(current_tenant().key, {"chat": chat, "last": 0, "presence": True})
