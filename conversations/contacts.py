"""Who wrote: finds, makes, updates and merges the contacts of messages that arrive together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from conversations import contact_changes
from conversations.merging import merge
from conversations.models import Contact
from conversations.whatsapp.inbound import InboundMessage
from conversations.whatsapp.phone_forms import canonical, forms_of
from tenants.statements import load

_COLUMNS = ("wa_id", "user_id", "group_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """A column of Contact and Meta's value for it. Equal for all spellings of one number."""

    column: str
    key: str
    value: str = field(compare=False)


def _identities(found: Iterable[tuple[str, str | None]]) -> list[Identity]:
    return [_identity(column, value) for column, value in found if value]


@lru_cache(maxsize=4096)  # a message is asked for its identities many times
def _identity(column: str, value: str) -> Identity:
    return Identity(column, canonical(value) if column == "wa_id" else value, value)


def contacts_of(messages: list[InboundMessage]) -> dict[Identity, Contact]:
    """The contact of every identity that the messages show, as they all leave it."""
    known = _known_contacts({i for m in messages for i in (*_shown(m), *_replacing(m))})
    for message in messages:
        contact = _one_contact(message, known)
        known |= dict.fromkeys(_unclaimed(contact, message, known), contact)
        known[_shown(message)[0]] = contact
        _readdress(contact, message, known)
    return known


def contact_of(contacts: dict[Identity, Contact], message: InboundMessage) -> Contact:
    return contacts[_shown(message)[0]]


def _shown(message: InboundMessage) -> list[Identity]:
    if message.group_id:
        return _identities([("group_id", message.group_id)])
    return _identities([("wa_id", message.from_wa_id), ("user_id", message.from_user_id)])


def _replacing(message: InboundMessage) -> list[Identity]:
    """The address under which a notice says that the contact is reached from now on."""
    if message.history or message.group_id:
        return []
    return _identities([("wa_id", message.new_wa_id), ("user_id", message.new_user_id)])


def _known_contacts(identities: set[Identity]) -> dict[Identity, Contact]:
    values: dict[str, list[str]] = {}
    for one in identities:
        forms = forms_of(one.key) if one.column == "wa_id" else (one.key,)
        values.setdefault(one.column, []).extend(forms)
    if not values:
        return {}
    match = " OR ".join(f"{column} IN %s" for column in values)  # our names, not the sender's
    known: dict[Identity, Contact] = {}
    for contact in load(Contact, match, *values.values()):
        shown = _identities((column, getattr(contact, column)) for column in _COLUMNS)
        twin = next((known[one] for one in shown if one in known), None)
        if twin is not None:  # two spellings of one number, stored apart
            merge(twin, contact)
        known |= dict.fromkeys(shown, twin or contact)
    return known


def _one_contact(message: InboundMessage, known: dict[Identity, Contact]) -> Contact:
    """Two contacts that a message shows to be one are merged, unless both have numbers: a number
    may have changed hands."""
    found = list(dict.fromkeys(known[i] for i in _shown(message) if i in known))
    if not found:
        return _created(message)
    contact = found[0]
    for other in found[1:]:
        if other.wa_id is None:
            _absorb(contact, other, known)
    _update(contact, message, known)
    return contact


def _created(message: InboundMessage) -> Contact:
    return Contact.objects.create(
        **{one.column: one.value for one in _shown(message)},
        parent_user_id=message.parent_user_id,
        **_profile(message),
    )


def _update(contact: Contact, message: InboundMessage, known: dict[Identity, Contact]) -> None:
    """Keep up with the profile, and with an id that is new or has changed."""
    changes = {k: v for k, v in _profile(message).items() if v and getattr(contact, k) != v}
    for one in _unclaimed(contact, message, known):
        is_news = not (message.echo or message.history)
        present = getattr(contact, one.column)
        if not present or (is_news and present != one.value):  # in the spelling that Meta uses
            changes[one.column] = one.value
    _change(contact, changes)


def _unclaimed(
    contact: Contact, message: InboundMessage, known: dict[Identity, Contact]
) -> list[Identity]:
    """The identities shown that no other contact has."""
    return [i for i in _shown(message) if known.get(i, contact).pk == contact.pk]


def _profile(message: InboundMessage) -> dict[str, Any]:
    if message.group_id or message.echo:  # the name in it is not the group's, nor the contact's
        return {}
    return {
        "profile_name": message.profile_name[:255],
        "username": message.username[:100],
    }


def _readdress(contact: Contact, message: InboundMessage, known: dict[Identity, Contact]) -> None:
    """A change of number or user id: the person keeps the chat (cloud-api 1.5, `system`)."""
    for one in _replacing(message):
        other = known.get(one, contact)
        change = contact_changes.begin(contact, other if other is not contact else None)
        if other is not contact:
            _absorb(contact, other, known)
        _change(contact, {one.column: one.value})
        contact_changes.finish(change)
        known[one] = contact


def _absorb(contact: Contact, other: Contact, known: dict[Identity, Contact]) -> None:
    merge(contact, other)
    for identity in [i for i, found in known.items() if found is other]:
        known[identity] = contact


def _change(contact: Contact, changes: dict[str, Any]) -> None:
    for column, value in changes.items():
        setattr(contact, column, value)
    if changes:
        contact.save(update_fields=list(changes))
