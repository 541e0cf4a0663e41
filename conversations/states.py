"""Whether a chat is open, waits for something, or is done with."""

from collections.abc import Iterable
from typing import Any

from conversations.models import Conversation
from conversations.own_rows import add_event
from tenants.context import atomic
from tenants.models import User

State = Conversation.State


def set_state(
    chats: Iterable[Conversation], state: str, *, agent: User, only_from: str = ""
) -> list[Conversation]:
    """Returns the chats that changed. A resolved chat sleeps no more. With `only_from` a chat that
    somebody has changed since is left alone."""
    changes: dict[str, Any] = {"state": state}
    if state == State.RESOLVED:
        changes["snoozed_until"] = None
    changed = []
    with atomic():
        for chat in chats:
            rows = Conversation.objects.filter(pk=chat.pk).exclude(state=state)
            if only_from:
                rows = rows.filter(state=only_from)
            if not rows.update(**changes):
                continue
            add_event(chat, "state", agent=agent, to=str(State(state).label))
            changed.append(chat)
    for chat in changed:
        for name, value in changes.items():
            setattr(chat, name, value)
    return changed
