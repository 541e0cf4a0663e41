"""Finds, makes and locks the chats of messages that arrive together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Value, When
from django.utils import timezone

from conversations.contacts import Identity, contact_of, contacts_of
from conversations.models import Contact, Conversation
from conversations.whatsapp.inbound import InboundMessage


@dataclass
class Touch:
    """What the messages of one batch change in the row of their chat."""

    unread: int = 0
    is_news: bool = False  # the chat rises in the list
    history_at: datetime | None = None  # of old messages: it rises no further than their place
    window_closes_at: datetime | None = None
    agent_spoke_at: datetime | None = None

    def columns(self) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        if self.is_news:
            changed["last_message_at"] = timezone.now()
        elif self.history_at:
            later = When(last_message_at__lt=self.history_at, then=Value(self.history_at))
            changed["last_message_at"] = Case(later, default=F("last_message_at"))
        if self.unread:
            changed["unread_count"] = F("unread_count") + self.unread
        if self.window_closes_at:
            later = When(window_closes_at__gt=self.window_closes_at, then=F("window_closes_at"))
            changed["window_closes_at"] = Case(later, default=Value(self.window_closes_at))
        if self.agent_spoke_at:
            changed["agent_spoke_at"] = self.agent_spoke_at
            changed["handler"] = Conversation.Handler.AGENT
        return changed


class Chats:
    """The chats of a batch of messages, made where they are missing.

    `save` also locks them: called before the messages are stored, it gives each chat's messages
    ids in the order in which they commit, whatever else happens at the same time.
    """

    def __init__(self, contacts: dict[Identity, Contact], chats: Iterable[Conversation]) -> None:
        self._contacts = contacts
        self._chats = {(chat.contact_id, chat.phone_number_id): chat for chat in chats}
        self._touches: defaultdict[int, Touch] = defaultdict(Touch)

    @classmethod
    def find(cls, messages: list[InboundMessage]) -> "Chats":
        contacts = contacts_of(messages)
        wanted: dict[tuple[int, str], InboundMessage] = {}
        for message in messages:
            key = (contact_of(contacts, message).pk, message.phone_number_id)
            wanted.setdefault(key, message)
        found = {(c.contact_id, c.phone_number_id): c for c in _existing(wanted)}
        for (contact_id, number), message in wanted.items():
            if (contact_id, number) not in found:
                found[contact_id, number] = Conversation.objects.create(
                    contact_id=contact_id, phone_number_id=number, last_message_at=message.at
                )
            found[contact_id, number].contact = contact_of(contacts, message)
        return cls(contacts, found.values())

    def of(self, message: InboundMessage) -> Conversation:
        return self._chats[contact_of(self._contacts, message).pk, message.phone_number_id]

    def touch_of(self, message: InboundMessage) -> Touch:
        return self._touches[self.of(message).pk]

    def save(self) -> None:
        """One statement for all chats that change alike: usually one for all."""
        alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for pk, touch in self._touches.items():
            alike[astuple(touch)].append(pk)
        for values, pks in sorted(alike.items(), key=lambda group: min(group[1])):
            columns = Touch(*values).columns()
            if columns:
                Conversation.objects.filter(pk__in=pks).update(**columns)


def _existing(wanted: Iterable[tuple[int, str]]) -> Iterable[Conversation]:
    pairs = list(wanted)
    return Conversation.objects.filter(
        contact__in={contact for contact, _ in pairs},
        phone_number_id__in={number for _, number in pairs},
    ).only("contact_id", "phone_number_id")
