"""Finds, makes and locks the chats of messages that arrive together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from conversations.models import Contact, Conversation
from conversations.whatsapp.inbound import InboundMessage

Identity = tuple[str, str]  # ("wa_id" | "user_id" | "group_id", value)


@dataclass
class Touch:
    """What the messages of one batch change in the row of their chat."""

    unread: int = 0
    is_news: bool = False  # the chat rises in the list
    window_closes_at: datetime | None = None
    agent_spoke_at: datetime | None = None

    def columns(self) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        if self.is_news:
            changed["last_message_at"] = timezone.now()
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
        contacts = _contacts_of(messages)
        wanted = {
            (_contact(contacts, message).pk, message.phone_number_id): _contact(contacts, message)
            for message in messages
        }
        found = {(c.contact_id, c.phone_number_id): c for c in _existing(wanted)}
        for (contact_id, number), contact in wanted.items():
            if (contact_id, number) not in found:
                found[contact_id, number] = Conversation.objects.create(
                    contact=contact, phone_number_id=number
                )
            found[contact_id, number].contact = contact
        return cls(contacts, found.values())

    def of(self, message: InboundMessage) -> Conversation:
        return self._chats[_contact(self._contacts, message).pk, message.phone_number_id]

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


def _identities(message: InboundMessage) -> list[Identity]:
    if message.group_id:
        return [("group_id", message.group_id)]
    ids = (("wa_id", message.from_wa_id), ("user_id", message.from_user_id))
    return [(field, value) for field, value in ids if value]


def _contact(contacts: dict[Identity, Contact], message: InboundMessage) -> Contact:
    return contacts[_identities(message)[0]]


def _contacts_of(messages: list[InboundMessage]) -> dict[Identity, Contact]:
    known = _known_contacts({i for message in messages for i in _identities(message)})
    for message in messages:
        identities = _identities(message)
        contact = next((known[i] for i in identities if i in known), None)
        contact = _updated(contact, message, known) if contact else _created(message)
        known |= {i: contact for i in identities if i not in known}
        known[identities[0]] = contact
    return known


def _known_contacts(identities: set[Identity]) -> dict[Identity, Contact]:
    values: dict[str, list[str]] = {}
    for field, value in identities:
        values.setdefault(field, []).append(value)
    if not values:
        return {}
    match = reduce(or_, (Q(**{f"{field}__in": found}) for field, found in values.items()))
    known: dict[Identity, Contact] = {}
    for contact in Contact.objects.filter(match):
        for field in values:
            if getattr(contact, field):
                known[field, getattr(contact, field)] = contact
    return known


def _created(message: InboundMessage) -> Contact:
    return Contact.objects.create(
        **dict(_identities(message)),
        parent_user_id=message.parent_user_id,
        **_profile(message),
    )


def _updated(contact: Contact, message: InboundMessage, known: dict[Identity, Contact]) -> Contact:
    """Keep up with the profile, and learn the other id when no other contact has it."""
    changes = {k: v for k, v in _profile(message).items() if v and getattr(contact, k) != v}
    for field, value in _identities(message):
        if not getattr(contact, field) and (field, value) not in known:
            changes[field] = value
    if changes:
        for field, value in changes.items():
            setattr(contact, field, value)
        contact.save(update_fields=list(changes))
    return contact


def _profile(message: InboundMessage) -> dict[str, Any]:
    if message.group_id or message.echo:  # the name in it is not the group's, nor the contact's
        return {}
    return {
        "profile_name": message.profile_name[:255],
        "username": message.username[:100],
    }
