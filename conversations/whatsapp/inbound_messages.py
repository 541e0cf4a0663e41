"""One message object of a webhook -> InboundMessage. Statuses: inbound_statuses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from conversations.whatsapp import inbound_content as content
from conversations.whatsapp.inbound_items import InboundMessage, Place
from conversations.whatsapp.phone_forms import canonical
from conversations.whatsapp.reading import as_dict, as_id, as_text, as_time


class Unreadable(Exception):
    """The item lacks what it cannot do without; the text says what."""


@dataclass(frozen=True)
class Person:
    """A contact as one webhook shows them: any part may be empty."""

    wa_id: str = ""
    user_id: str = ""
    parent_user_id: str = ""
    username: str = ""
    name: str = ""

    def is_same(self, other: "Person") -> bool:
        return (bool(self.wa_id) and canonical(self.wa_id) == canonical(other.wa_id)) or (
            bool(self.user_id) and self.user_id == other.user_id
        )

    def completed_by(self, other: "Person") -> "Person":
        return Person(
            self.wa_id or other.wa_id,
            self.user_id or other.user_id,
            self.parent_user_id or other.parent_user_id,
            self.username or other.username,
            self.name or other.name,
        )


def read_people(contacts: Iterable[object]) -> tuple[Person, ...]:
    """The `contacts` array beside messages."""
    return tuple(_read_person(contact) for contact in contacts if isinstance(contact, dict))


def _read_person(contact: Mapping[str, Any]) -> Person:
    profile = as_dict(contact.get("profile"))
    return Person(
        as_id(contact.get("wa_id"), 32),
        as_id(contact.get("user_id"), 150),
        as_id(contact.get("parent_user_id"), 150),
        as_text(profile.get("username"), 100),
        as_text(profile.get("name"), 255),
    )


def read_message(
    message: dict[str, Any],
    place: Place,
    people: tuple[Person, ...],
    received_at: datetime,
    *,
    alone: bool = True,
    echo: bool = False,
    history: bool = False,
    thread: str = "",
) -> InboundMessage:
    """A cleaned message object. Raises Unreadable without an id, a sender or a sane time.

    `alone`: the only message beside these people, so that a single contact is its sender whatever
    the ids say. `thread`: the contact a piece of history belongs to.
    """
    wamid = as_id(message.get("id"))
    if not wamid:
        raise Unreadable("message without id")
    echo = echo or (history and _is_ours(message, place))
    person = _contact_of(message, echo, thread)
    person = person.completed_by(_described(person, people, alone))
    if not (person.wa_id or person.user_id):
        raise Unreadable("message without sender")
    at = event_time(message, received_at)
    bare = InboundMessage(
        place.waba_id, place.phone_number_id, wamid, _kind(message), at, echo=echo, history=history
    )
    return _with_content(_with_person(bare, person), message)


def _kind(message: Mapping[str, Any]) -> str:
    return as_text(message.get("type"), 40) or "unknown"


def _with_person(bare: InboundMessage, person: Person) -> InboundMessage:
    return replace(
        bare,
        from_wa_id=person.wa_id,
        from_user_id=person.user_id,
        parent_user_id=person.parent_user_id,
        username=person.username,
        profile_name=person.name,
    )


def _with_content(bare: InboundMessage, message: dict[str, Any]) -> InboundMessage:
    new_wa_id, new_user_id = content.new_address(message)
    return replace(
        bare,
        group_id=as_id(message.get("group_id"), 150),
        text=content.readable(message),
        option_id=content.option_id(message),
        context_wamid=as_id(as_dict(message.get("context")).get("id")),
        media=content.media_of(message),
        target_wamid=content.target_of(message),
        emoji=as_text(as_dict(message.get("reaction")).get("emoji"), 64),
        new_wa_id=new_wa_id,
        new_user_id=new_user_id,
        errors=content.errors_of(message),
        raw=content.open_form(message),
    )


def event_time(item: Mapping[str, Any], received_at: datetime) -> datetime:
    """When it happened, by Meta's clock; `received_at` if Meta does not say."""
    if item.get("timestamp") is None:
        return received_at
    at = as_time(item["timestamp"])
    if at is None:
        raise Unreadable("timestamp is no time")
    return at


def _contact_of(message: Mapping[str, Any], echo: bool, thread: str) -> Person:
    """The other side of the chat as the message itself names them."""
    side = "to" if echo else "from"
    wa_id = as_id(message.get(side), 32)
    if not wa_id and not echo:  # older changes of number name the contact here
        wa_id = as_id(as_dict(message.get("system")).get("customer"), 32)
    user_id = as_id(message.get(f"{side}_user_id"), 150)
    if not (wa_id or user_id):
        wa_id, user_id = (thread, "") if thread.isdigit() else ("", thread)
    return Person(wa_id, user_id, as_id(message.get(f"{side}_parent_user_id"), 150))


def _described(person: Person, people: tuple[Person, ...], alone: bool) -> Person:
    if alone and len(people) == 1:
        return people[0]
    return next((other for other in people if other.is_same(person)), Person())


def _is_ours(message: Mapping[str, Any], place: Place) -> bool:
    sender = as_id(message.get("from")).lstrip("+")
    return bool(sender) and sender in (place.display_phone_number, place.phone_number_id)
