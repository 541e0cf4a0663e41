"""Two contacts that prove to be one person, such as a number and a hidden number's user id."""

from collections.abc import Iterator
from typing import Any

from conversations.models import Contact, Conversation, Message

FILLED = ("wa_id", "user_id", "parent_user_id", "username", "profile_name", "alias")
CHANGED = (*FILLED, "fields", "notes")  # what a merge may change, and undoing it gives back


def merge(contact: Contact, other: Contact) -> None:
    """Give `contact` the chats of `other`, and whatever it lacks; `other` is gone afterwards.
    Call it in a transaction."""
    for older, newer in list(chats_to_join(contact, other)):
        if older is None:
            Conversation.objects.filter(pk=newer.pk).update(contact=contact)
        else:
            _join(older, newer, contact)
    missing = [name for name in FILLED if not getattr(contact, name)]
    contact.opted_out_at = contact.opted_out_at or other.opted_out_at
    contact.fields = {**other.fields, **contact.fields}
    contact.notes = "\n\n".join(filter(None, (contact.notes, other.notes)))
    for name in missing:
        setattr(contact, name, getattr(other, name))
    other.delete()  # first: the ids are unique
    contact.save(update_fields=[*missing, "opted_out_at", "fields", "notes"])


def chats_to_join(
    contact: Contact, other: Contact
) -> Iterator[tuple[Conversation | None, Conversation]]:
    """The chats of `other`, each with the one of the same business number, locked: the one that
    spoke last comes second."""
    for chat in list(Conversation.objects.select_for_update().filter(contact=other)):
        of_same_number = Conversation.objects.filter(phone_number_id=chat.phone_number_id)
        twin = of_same_number.select_for_update().filter(contact=contact).first()
        if twin is None:
            yield None, chat
        else:
            older, newer = sorted((twin, chat), key=lambda one: (one.last_message_at, one.pk))
            yield older, newer


def _join(older: Conversation, newer: Conversation, contact: Contact) -> None:
    """The chat that spoke last goes on, with the bot's or the agent's place in it, and gets the
    other's messages."""
    Message.objects.filter(conversation=older).update(conversation=newer)
    newer.roles.add(*older.roles.all())
    changes = _joined(older, newer)
    older.delete()
    Conversation.objects.filter(pk=newer.pk).update(contact=contact, **changes)


def _joined(older: Conversation, newer: Conversation) -> dict[str, Any]:
    windows = [at for at in (older.window_closes_at, newer.window_closes_at) if at]
    return {
        "attention": newer.attention or older.attention,
        "assigned_to": newer.assigned_to_id or older.assigned_to_id,
        "unread_count": older.unread_count + newer.unread_count,
        "window_closes_at": max(windows, default=None),
        "created_at": min(older.created_at, newer.created_at),
    }
