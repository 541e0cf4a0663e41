"""A webhook body of Meta -> items. Nothing here raises: what cannot be read becomes a BadItem.

One POST may hold several accounts, numbers, messages and statuses, and one of them may be broken:
each is read on its own. Shapes: Meta's "Webhooks payload reference" and what the field has shown.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from conversations.whatsapp.cleaning import clean_json
from conversations.whatsapp.inbound_items import (
    AccountNotice,
    BadItem,
    Batch,
    ErrorInfo,
    InboundMessage,
    InboundStatus,
    Item,
    MediaInfo,
    Place,
)
from conversations.whatsapp.inbound_messages import Unreadable, read_message, read_people
from conversations.whatsapp.inbound_statuses import read_status
from conversations.whatsapp.reading import as_dict, as_id, as_list, as_text

__all__ = [
    "AccountNotice",
    "BadItem",
    "Batch",
    "ErrorInfo",
    "InboundMessage",
    "InboundStatus",
    "Item",
    "MediaInfo",
    "accounts",
    "numbers",
    "parse",
]

WHATSAPP_OBJECT: Final = "whatsapp_business_account"
_PLACE_LIMIT: Final = 64  # characters of an account's or a number's id; Meta's have up to 20


def parse(body: object, received_at: datetime | None = None) -> Batch:
    """Every item of a parsed body; none if it is about another product than WhatsApp.

    `received_at` (now, unless given) dates the items that carry no time of their own.
    """
    if not isinstance(body, dict):
        return Batch((_bad(Place(), "body is no object", body),))
    if body.get("object", WHATSAPP_OBJECT) != WHATSAPP_OBJECT:
        return Batch(())
    return Batch(tuple(_read_body(body, received_at or datetime.now(UTC))))


def numbers(body: object) -> set[str]:
    """The phone_number_ids that a body names, to choose the secret before trusting it."""
    return {number for _account, number in _named(body)} - {""}


def accounts(body: object) -> set[str]:
    """The ids of the accounts of changes that name no number: account events have only that."""
    return {account for account, number in _named(body) if not number} - {""}


def _named(body: object) -> Iterator[tuple[str, str]]:
    """(account id, phone_number_id) of every change."""
    for entry in as_list(as_dict(body).get("entry")):
        for change in as_list(as_dict(entry).get("changes")):
            metadata = as_dict(as_dict(as_dict(change).get("value")).get("metadata"))
            account = as_id(as_dict(entry).get("id"), _PLACE_LIMIT)
            yield account, as_id(metadata.get("phone_number_id"), _PLACE_LIMIT)


def _read_body(body: dict[str, Any], received_at: datetime) -> Iterator[Item]:
    for entry in _objects(body, "entry", Place()):
        if isinstance(entry, BadItem):
            yield entry
            continue
        account = Place(waba_id=as_id(entry.get("id"), _PLACE_LIMIT))
        for change in _objects(entry, "changes", account):
            if isinstance(change, BadItem):
                yield change
            else:
                yield from _read_change(change, account, received_at)


def _read_change(change: dict[str, Any], account: Place, received_at: datetime) -> Iterator[Item]:
    field = as_text(change.get("field"), 80) or "messages"
    value = change.get("value")
    place = _place(account, as_dict(value))
    if field not in _READERS:
        yield _notice(place, field, value)
    elif isinstance(value, dict):
        yield from _READERS[field](value, place, received_at)
    else:
        yield _bad(place, "value is no object", change)


def _read_conversation(value: dict[str, Any], place: Place, now: datetime) -> Iterator[Item]:
    yield from _read_messages(value, "messages", place, now)
    for status in _objects(value, "statuses", place):
        yield _each(lambda raw: read_status(raw, place, now), status, place)
    for error in _objects(value, "errors", place):
        yield error if isinstance(error, BadItem) else _notice(place, "errors", error)


def _read_echoes(value: dict[str, Any], place: Place, now: datetime) -> Iterator[Item]:
    yield from _read_messages(value, "message_echoes", place, now, echo=True)


def _read_history(value: dict[str, Any], place: Place, now: datetime) -> Iterator[Item]:
    """Old messages of a number that moved from the phone app; media follow as `messages`."""
    yield from _read_messages(value, "messages", place, now, history=True)
    for chunk in _objects(value, "history", place):
        if isinstance(chunk, BadItem):
            yield chunk
        elif "threads" not in chunk:  # the owner declined: an error in its place
            yield _notice(place, "history", chunk)
        else:
            yield from _read_threads(chunk, place, now)


def _read_threads(chunk: dict[str, Any], place: Place, now: datetime) -> Iterator[Item]:
    for thread in _objects(chunk, "threads", place):
        if isinstance(thread, BadItem):
            yield thread
            continue
        contact = as_id(thread.get("id"), 150)
        yield from _read_messages(thread, "messages", place, now, history=True, thread=contact)


def _read_messages(
    holder: dict[str, Any],
    key: str,
    place: Place,
    now: datetime,
    *,
    echo: bool = False,
    history: bool = False,
    thread: str = "",
) -> Iterator[Item]:
    people = read_people(as_list(holder.get("contacts")))
    messages = list(_objects(holder, key, place))
    alone = len(messages) == 1

    def read(raw: dict[str, Any]) -> Item:
        return read_message(
            raw, place, people, now, alone=alone, echo=echo, history=history, thread=thread
        )

    for message in messages:
        yield _each(read, message, place)


def _each(
    read: Callable[[dict[str, Any]], Item], raw: dict[str, Any] | BadItem, place: Place
) -> Item:
    if isinstance(raw, BadItem):
        return raw
    cleaned = clean_json(raw)
    try:
        return read(cleaned)
    except Unreadable as reason:
        return _bad(place, str(reason), cleaned)


def _objects(holder: dict[str, Any], key: str, place: Place) -> Iterator[dict[str, Any] | BadItem]:
    """The objects of an array; what is no object, or no array, as a BadItem."""
    found = holder.get(key)
    if found is None:
        return
    if not isinstance(found, list):
        yield _bad(place, f"{key} is no array", found)
        return
    for item in found:
        yield item if isinstance(item, dict) else _bad(place, f"{key} holds no object", item)


def _place(account: Place, value: dict[str, Any]) -> Place:
    metadata = as_dict(value.get("metadata"))
    shown = metadata.get("display_phone_number") or value.get("display_phone_number")
    number = as_id(metadata.get("phone_number_id"), _PLACE_LIMIT)
    return Place(account.waba_id, number, as_id(shown).lstrip("+"))


def _notice(place: Place, field: str, raw: object) -> AccountNotice:
    return AccountNotice(
        place.waba_id, place.phone_number_id, field, _kept(raw), place.display_phone_number
    )


def _bad(place: Place, reason: str, raw: object) -> BadItem:
    return BadItem(place.waba_id, place.phone_number_id, reason, _kept(raw))


def _kept(raw: object) -> dict[str, Any]:
    cleaned = clean_json(raw)
    return cleaned if isinstance(cleaned, dict) else {"value": cleaned}


_READERS: Final[dict[str, Callable[[dict[str, Any], Place, datetime], Iterator[Item]]]] = {
    "messages": _read_conversation,
    "smb_message_echoes": _read_echoes,
    "history": _read_history,
}
