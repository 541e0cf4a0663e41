"""Notes among agents, and who is called in them."""

import re
import uuid

from django.db import IntegrityError

from conversations.models import Conversation, Message
from conversations.own_rows import add_note
from conversations.selectors import seen_by
from tenants.context import atomic
from tenants.models import User

_MENTION = re.compile(r"(?<!\w)@([\w.+-]+(?:@[\w.-]+)?)")


def write(conversation: Conversation, text: str, *, agent: User, key: str = "") -> Message:
    """Keep the note and tell those it mentions, if they may see the chat. `key`: the form's UUID;
    the same form sent twice is one note."""
    if key and (found := conversation.messages.filter(send_key=key).first()):
        return found
    names = {name.rstrip(".").lower() for name in _MENTION.findall(text)}
    called = [user for user in readers(conversation) if user.get_username().lower() in names]
    try:
        with atomic():
            note = add_note(conversation, text, agent=agent, mentioned=called)
            if key:
                Message.objects.filter(pk=note.pk).update(send_key=uuid.UUID(key))
    except IntegrityError:  # the same form, at the same time
        return conversation.messages.get(send_key=key)
    return note


def readers(conversation: Conversation) -> list[User]:
    """The colleagues who may see the chat, by name."""
    people = list(
        User.objects.filter(is_active=True).prefetch_related("roles").order_by("username")
    )
    seen = seen_by(people, [conversation.pk])
    return [user for user in people if conversation.pk in seen[user.pk]]
