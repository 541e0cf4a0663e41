"""Receipts of what we sent: sent, delivered, read, played, failed. They only move forward.

The rules are in the UPDATE itself, so that late, doubled and concurrent receipts need no lock.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Value, When
from django.utils import timezone

from conversations import account_events, numbers, windows
from conversations.models import Contact, Conversation, Message, PendingStatus
from conversations.retries import next_try
from conversations.whatsapp.errors import Action, GraphError, action_for, explain
from conversations.whatsapp.inbound_items import InboundStatus, Place
from conversations.whatsapp.inbound_statuses import read_status
from tenants import statements
from tenants.context import current_tenant
from whapco.lib import bus

_S = Message.Status
# A receipt may replace these. Proof of delivery wins over "failed" (cloud-api 1.6).
_BEFORE: dict[str, tuple[str, ...]] = {
    "sent": (_S.QUEUED, _S.SENDING, _S.ACCEPTED),
    "delivered": (_S.QUEUED, _S.SENDING, _S.ACCEPTED, _S.SENT, _S.FAILED),
    "read": (_S.QUEUED, _S.SENDING, _S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.FAILED),
    "played": (_S.QUEUED, _S.SENDING, _S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.READ, _S.FAILED),
    "failed": (_S.QUEUED, _S.SENDING, _S.ACCEPTED, _S.SENT),
}
PENDING_KEPT = timedelta(days=8)  # Meta repeats a webhook for at most 7


def record(received: list[InboundStatus]) -> set[int]:
    """Apply the receipts; park those of unknown messages. Returns the chats whose sending can go
    on: it was in doubt, or is to be tried again."""
    if not received:
        return set()
    rows = _rows_of(received)
    known: list[InboundStatus] = []
    parked: list[InboundStatus] = []
    for status in received:
        (known if _find(rows, status) else parked).append(status)
    statements.insert(
        PendingStatus, [PendingStatus(wamid=status.id, payload=status.raw) for status in parked]
    )
    settled = _adopt(known, rows) | _apply(known, rows)
    _tell_browsers({row.conversation_id for row in rows.values()})
    return settled


def apply_parked(wamids: Iterable[str]) -> None:
    """Apply what came for messages before their send was stored."""
    wanted = list(wamids)
    if not wanted:
        return
    parked = statements.load(PendingStatus, "wamid IN %s", wanted)
    if not parked:
        return
    record([read_status(row.payload, Place(), row.received_at) for row in parked])
    PendingStatus.objects.filter(pk__in=[row.pk for row in parked]).delete()


def forget_parked() -> int:
    """Drop parked receipts that no message will claim any more. Returns how many."""
    limit = timezone.now() - PENDING_KEPT
    return PendingStatus.objects.filter(received_at__lt=limit).delete()[0]


def _rows_of(received: list[InboundStatus]) -> dict[str, Message]:
    """Messages by wamid and by send key."""
    found = _select("wamid", {status.id for status in received})
    wamids = {row.wamid for row in found}
    keys = {key for s in received if s.id not in wamids and (key := _send_key(s))}
    if keys:
        found += _select("send_key", keys)
    rows = {row.wamid: row for row in found if row.wamid}
    return rows | {str(row.send_key): row for row in found if row.send_key}


def _select(column: str, values: set[Any]) -> list[Message]:
    only = "id wamid send_key status conversation_id attempts kind"
    return statements.load(Message, f"{column} IN %s", values, only=only)


def _find(rows: dict[str, Message], status: InboundStatus) -> Message | None:
    return rows.get(status.id) or rows.get(str(_send_key(status)))


def _send_key(status: InboundStatus) -> UUID | None:
    try:
        return UUID(status.send_key) if status.send_key else None
    except ValueError:  # another app's data on the same number
        return None


def _adopt(known: list[InboundStatus], rows: dict[str, Message]) -> set[int]:
    """A receipt with our key settles a send whose answer never came: it did arrive at Meta."""
    settled = set()
    on_its_way = When(status__in=(_S.QUEUED, _S.SENDING), then=Value(_S.ACCEPTED))
    accepted = Case(on_its_way, default=F("status"))
    for status in known:
        row = _find(rows, status)
        if row is None or row.wamid:
            continue
        Message.objects.filter(pk=row.pk, wamid=None).update(
            wamid=status.id, status=accepted, next_attempt_at=None
        )
        row.wamid = status.id
        settled.add(row.conversation_id)
    return settled


def _apply(known: list[InboundStatus], rows: dict[str, Message]) -> set[int]:
    """Returns the chats with something to send again."""
    groups: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    again: dict[int, int] = {}  # message: chat
    for status in sorted(known, key=lambda status: status.status != "failed"):
        row = _find(rows, status)
        if row is None or row.pk in again or status.status not in _BEFORE or status.participant:
            continue
        _learn_window(row, status)
        if status.status != "failed":
            groups[status.status, status.at].append(row.pk)
        elif _send_again(row, status):
            again[row.pk] = row.conversation_id
        else:
            _fail(row, status)
    for (name, at), pks in groups.items():
        _advance(name, at, pks)
    return set(again.values())


def _advance(name: str, at: datetime, pks: list[int]) -> None:
    columns = [f"{name}_at"]
    if name in ("read", "played"):  # with the chat open, "delivered" may never come
        columns.append("delivered_at")
    times = ", ".join(f"{column} = COALESCE({column}, %s)" for column in columns)
    advanced = "status = CASE WHEN status IN %s THEN %s ELSE status END"
    statements.execute(
        f"UPDATE conversations_message SET {advanced}, {times} WHERE id IN %s",  # noqa: S608
        _BEFORE[name],
        name,
        *[at] * len(columns),
        pks,
    )


def _send_again(row: Message, status: InboundStatus) -> bool:
    """Whether what Meta took and then could not carry out is queued once more: under a new key,
    so that repeated receipts of this try do not settle the next one."""
    code = status.error_code
    error = GraphError(explain(code, status.error_text), action=action_for(code), code=code)
    if row.send_key is None or row.status not in _BEFORE["failed"] or not error.may_pass:
        return False
    number = Conversation.objects.only("phone_number_id").get(pk=row.conversation_id)
    when = next_try(error, row.attempts, number.phone_number_id)
    if when is None:
        return False
    columns = {"status": _S.QUEUED, "wamid": None, "send_key": Message.new_send_key()}
    waits = {"next_attempt_at": when, "error_code": code, "error_text": error.text}
    statements.update(Message, columns | waits, [row.pk])
    return True


def _learn_window(row: Message, status: InboundStatus) -> None:
    """Only a template can have been sent while we thought the window closed."""
    closes = windows.proven_until(status.raw, status.at) if row.kind == "template" else None
    if closes is not None:
        windows.reopen(row.conversation_id, status.at, closes)
    elif status.status == "failed" and status.error_code == windows.CLOSED:
        windows.refused(row.send_key, row.conversation_id, status.at)


def _fail(row: Message, status: InboundStatus) -> None:
    changed = Message.objects.filter(pk=row.pk, status__in=_BEFORE["failed"]).update(
        status=_S.FAILED,
        failed_at=status.at,
        error_code=status.error_code,
        error_text=explain(status.error_code, status.error_text),
    )
    if changed:
        _act_on(row.pk, row.conversation_id, status.error_code)
        Conversation.objects.filter(pk=row.conversation_id).update(attention="envio_fallido")


def _act_on(message_id: int, conversation_id: int, code: int | None) -> None:
    """What a failure says of the contact or of our number, beside the message (cloud-api 4.2)."""
    action = action_for(code)
    if action is Action.OPTOUT:
        contact = Contact.objects.filter(conversations=conversation_id, opted_out_at=None)
        contact.update(opted_out_at=timezone.now())
    elif action is Action.CHANNEL:
        chat = Conversation.objects.only("phone_number_id").get(pk=conversation_id)
        numbers.note_trouble(chat.phone_number_id, code, explain(code))
    elif action is Action.TEMPLATE:
        row = Message.objects.select_related("conversation").get(pk=message_id)
        account_events.note_template(row.conversation.phone_number_id, row.payload, code)


def _tell_browsers(chats: set[int]) -> None:
    key = current_tenant().key
    for chat in chats:
        bus.publish(key, {"chat": chat, "last": 0})
