"""New numbers and user ids of contacts, so that a person can undo what a notice of Meta's did.

A number may have passed to somebody else. Undoing gives both contacts back, with their chats as
they were; what arrived since stays in the chat where it arrived.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core import serializers
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.merging import CHANGED, chats_to_join
from conversations.models import Contact, ContactChange, Conversation, Message
from tenants.context import atomic, current_tenant
from tenants.models import Role, User
from whapco.lib import bus

KEPT = timedelta(days=180)
MAX_RUNS = 5000  # of messages; two chats that mix more than this stay one
_JOINED = ("attention", "assigned_to_id", "window_closes_at", "created_at")


class CannotUndo(Exception):
    """Why, in a sentence for the person who asked."""


# Before and after ------------------------------------------------------------------------------


def begin(contact: Contact, other: Contact | None) -> ContactChange:
    """What is there before the contact changes and takes in `other`. Then `finish` it."""
    change = ContactChange(contact=contact, before=_values(contact, CHANGED))
    if other is not None:
        rows: list[Model] = [other]
        for older, newer in list(chats_to_join(contact, other)):
            change.chats.append(_chat(older, newer))
            rows += _with_dependents(older) if older else []
        change.merged = serializers.serialize("json", rows)
    return change


def finish(change: ContactChange) -> None:
    """Keep it, with what the change has made of the contact and its chats."""
    change.after = _values(change.contact, CHANGED)
    for chat in change.chats:
        chat["after"] = _values(Conversation.objects.get(pk=chat["pk"]), _JOINED)
    if change.after != change.before or change.merged:
        ContactChange.objects.filter(at__lt=timezone.now() - KEPT).delete()
        change.save()


def _chat(older: Conversation | None, newer: Conversation) -> dict[str, Any]:
    found = {"pk": newer.pk, "owner": newer.contact_id, "before": _values(newer, _JOINED)}
    if older is None:
        return found
    gained = set(older.roles.values_list("pk", flat=True))
    gained -= set(newer.roles.values_list("pk", flat=True))
    runs = _runs(_messages_of(older), _messages_of(newer))
    joined = {"pk": older.pk, "unread": older.unread_count, "roles": sorted(gained)}
    return found | {"joined": joined, "runs": runs if len(runs) <= MAX_RUNS else None}


def _messages_of(chat: Conversation) -> Iterable[int]:
    return chat.messages.order_by().values_list("pk", flat=True)


def _runs(mine: Iterable[int], theirs: Iterable[int]) -> list[list[int]]:
    """First and last id of what is mine, wherever nothing of theirs lies between."""
    runs: list[list[int]] = []
    goes_on = False
    for pk, is_mine in sorted([*((pk, True) for pk in mine), *((pk, False) for pk in theirs)]):
        if is_mine and goes_on:
            runs[-1][1] = pk
        elif is_mine:
            runs.append([pk, pk])
        goes_on = is_mine
    return runs


def _with_dependents(chat: Conversation) -> list[Model]:
    """A chat and the rows that are deleted with it, such as the bot's place in it."""
    relations = [r for r in Conversation._meta.related_objects if r.one_to_one]
    names = [relation.get_accessor_name() or "" for relation in relations]
    return [chat, *(getattr(chat, name) for name in names if hasattr(chat, name))]


def _values(row: Model, names: Iterable[str]) -> dict[str, Any]:
    found = ((name, getattr(row, name)) for name in names)
    return {n: v.isoformat() if isinstance(v, datetime) else v for n, v in found}


# And back again --------------------------------------------------------------------------------


def undo(change: ContactChange, *, by: User) -> None:
    """Raises CannotUndo, and then nothing has changed."""
    with atomic():
        change = ContactChange.objects.select_for_update().get(pk=change.pk)
        contact = Contact.objects.select_for_update().get(pk=change.contact_id)
        rows = list(serializers.deserialize("json", change.merged)) if change.merged else []
        _require_possible(change, contact, [row.object for row in rows])
        _give_back(contact, change.before, change.after)
        for row in rows[:1]:  # the other contact
            row.save()
        for chat in change.chats:
            _part(chat)
        for row in rows[1:]:
            _revive(row)
        for chat in change.chats:
            _return_messages(chat)
        change.undone_at, change.undone_by = timezone.now(), by
        change.save(update_fields=["undone_at", "undone_by"])
    for chat in change.chats:
        for pk in {chat["pk"], chat.get("joined", chat)["pk"]}:
            bus.publish(current_tenant().key, {"chat": pk, "last": 0})


def _require_possible(change: ContactChange, contact: Contact, rows: list[Any]) -> None:
    if change.undone_at is not None:
        raise CannotUndo(_("Este cambio ya se deshizo."))
    later = ContactChange.objects.filter(contact=contact, pk__gt=change.pk, undone_at=None)
    if later.exists():
        raise CannotUndo(_("El cliente cambió otra vez después: deshaz primero el último cambio."))
    kept = Conversation.objects.filter(pk__in=[chat["pk"] for chat in change.chats])
    if kept.count() != len(change.chats) or kept.exclude(contact=contact).exists():
        raise CannotUndo(_("Los chats de este cambio ya no existen o son de otro cliente."))
    if any(chat.get("runs", []) is None for chat in change.chats):
        raise CannotUndo(_("Los mensajes de los dos chats están demasiado mezclados."))
    others = [row for row in rows if isinstance(row, Contact)]
    for column in ("wa_id", "user_id"):
        wanted = {change.before.get(column), *(getattr(other, column) for other in others)} - {None}
        taken = Contact.objects.filter(Q((f"{column}__in", wanted))).exclude(pk=contact.pk)
        if taken.exists():
            raise CannotUndo(_("El número anterior ya pertenece a otro cliente de la lista."))


def _give_back(row: Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What the change has put there, and nobody has touched since."""
    now = _values(row, before)
    names = [name for name, value in before.items() if now[name] == after.get(name) != value]
    for name in names:
        value = before[name]
        is_time = name.endswith("_at") and value is not None
        setattr(row, name, datetime.fromisoformat(value) if is_time else value)
    row.save(update_fields=names)


def _part(chat: dict[str, Any]) -> None:
    """The chat that goes on returns to its owner, without what it had from the other."""
    newer = Conversation.objects.select_for_update().get(pk=chat["pk"])
    joined = chat.get("joined")
    newer.contact_id = chat["owner"]
    if joined:
        newer.unread_count = max(0, newer.unread_count - joined["unread"])
        newer.roles.remove(*joined["roles"])
    newer.save(update_fields=["contact_id", "unread_count"])
    _give_back(newer, chat["before"], chat["after"])


def _revive(row: Any) -> None:
    """A row that was deleted, but for people and roles that have gone meanwhile."""
    chat = row.object
    if isinstance(chat, Conversation):
        if not User.objects.filter(pk__in=[chat.assigned_to_id]).exists():
            chat.assigned_to_id = None
        chat.lease_owner, chat.lease_until = "", None
        given = row.m2m_data.get("roles", [])
        row.m2m_data["roles"] = list(Role.objects.filter(pk__in=given))
    row.save()


def _return_messages(chat: dict[str, Any]) -> None:
    for first, last in chat.get("runs", []):
        moved = Message.objects.filter(conversation=chat["pk"], pk__range=(first, last))
        moved.update(conversation=chat["joined"]["pk"])


# For the screens -------------------------------------------------------------------------------


def last_union(contact: Contact) -> ContactChange | None:
    """The one that could be undone now."""
    newest = contact.changes.filter(undone_at=None).order_by("-pk").first()
    return newest if newest is not None and newest.merged else None


def merged_name(change: ContactChange) -> str:
    """Of the contact that it took in."""
    rows = serializers.deserialize("json", change.merged)
    return str(next(rows).object)
