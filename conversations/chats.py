"""Finds, makes and locks the chats of messages that arrive together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from conversations.contacts import contact_of, contacts_of
from conversations.models import Conversation
from conversations.whatsapp.inbound import InboundMessage
from tenants.statements import execute, load

_LATER = "{0} = CASE WHEN {0} > %s THEN {0} ELSE %s END"  # a column never goes back in time


@dataclass
class Touch:
    """What the messages of one batch change in the row of their chat."""

    unread: int = 0
    is_news: bool = False  # the chat rises in the list
    history_at: datetime | None = None  # of old messages: it rises no further than their place
    window_closes_at: datetime | None = None
    agent_spoke_at: datetime | None = None

    def assignments(self) -> list[tuple[str, tuple[Any, ...]]]:
        """SQL and its values."""
        changed: list[tuple[str, tuple[Any, ...]]] = []
        if self.is_news:
            changed.append(("last_message_at = %s", (timezone.now(),)))
        elif self.history_at:
            changed.append((_LATER.format("last_message_at"), (self.history_at,) * 2))
        if self.unread:
            changed.append(("unread_count = unread_count + %s", (self.unread,)))
            changed.append(("state = %s, snoozed_until = NULL", (Conversation.State.OPEN,)))
        if self.window_closes_at:
            changed.append((_LATER.format("window_closes_at"), (self.window_closes_at,) * 2))
        if self.agent_spoke_at:
            spoke = (self.agent_spoke_at,) * 2
            changed.append((_LATER.format("agent_spoke_at"), spoke))
            changed.append(("handler = %s, attention = ''", (Conversation.Handler.AGENT,)))
        return changed


class Chats:
    """The chats of a batch of messages, made where they are missing.

    `save` also locks them: called before the messages are stored, it gives each chat's messages
    ids in the order in which they commit, whatever else happens at the same time.
    """

    def __init__(self, chats: dict[str, Conversation]) -> None:
        """By message id."""
        self._chats = chats
        self._touches: defaultdict[int, Touch] = defaultdict(Touch)

    @classmethod
    def find(cls, messages: list[InboundMessage]) -> "Chats":
        contacts = contacts_of(messages)
        keys: dict[str, tuple[int, str]] = {}
        wanted: dict[tuple[int, str], InboundMessage] = {}
        for message in messages:
            key = (contact_of(contacts, message).pk, message.phone_number_id)
            keys[message.id] = key
            wanted.setdefault(key, message)
        found = {(c.contact_id, c.phone_number_id): c for c in _existing(wanted)}
        for (contact_id, number), message in wanted.items():
            if (contact_id, number) not in found:
                found[contact_id, number] = Conversation.objects.create(
                    contact_id=contact_id, phone_number_id=number, last_message_at=message.at
                )
            found[contact_id, number].contact = contact_of(contacts, message)
        return cls({message_id: found[key] for message_id, key in keys.items()})

    def of(self, message: InboundMessage) -> Conversation:
        return self._chats[message.id]

    def touch_of(self, message: InboundMessage) -> Touch:
        return self._touches[self.of(message).pk]

    def save(self) -> None:
        """One statement for all chats that change alike: usually one for all."""
        alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for pk, touch in self._touches.items():
            alike[tuple(vars(touch).values())].append(pk)
        for values, pks in sorted(alike.items(), key=lambda group: min(group[1])):
            _change(pks, Touch(*values).assignments())


def _change(pks: list[int], assignments: list[tuple[str, tuple[Any, ...]]]) -> None:
    if not assignments:
        return
    columns = ", ".join(sql for sql, _ in assignments)
    values = [value for _, found in assignments for value in found]
    execute(f"UPDATE conversations_conversation SET {columns} WHERE id IN %s", *values, pks)  # noqa: S608


def _existing(wanted: Iterable[tuple[int, str]]) -> Iterable[Conversation]:
    pairs = list(wanted)
    return load(
        Conversation,
        "contact_id IN %s AND phone_number_id IN %s",
        {contact for contact, _ in pairs},
        {number for _, number in pairs},
        only="id contact_id phone_number_id",
    )
