"""Stores what Meta sends: messages, statuses, notices. One transaction for all that came together.

`record` is a group operation: see tenants.together. Receiving the same thing again changes
nothing, so that Meta may repeat itself for days.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from conversations import fetching, numbers, statuses
from conversations.chats import Chats
from conversations.models import AccountEvent, Contact, Conversation, Message
from conversations.template_news import note_status
from conversations.whatsapp.inbound import (
    AccountNotice,
    BadItem,
    InboundMessage,
    InboundStatus,
    Item,
)
from conversations.whatsapp.phone_forms import forms_of
from conversations.whatsapp.reading import as_dict, as_id, as_list
from conversations.windows import WINDOW, open_by_calls
from tenants import statements
from tenants.context import atomic, current_tenant, on_commit
from whapco.lib import bus

# After these Meta is asked how the numbers are doing now, their throughput among it.
_NEWS_OF_NUMBERS = frozenset({"phone_number_quality_update", "account_update", "account_alerts"})
# Stored and shown, but nothing a bot could answer.
SILENT_KINDS = frozenset({"reaction", "edit", "revoke", "system"})


def record(posts: list[tuple[Item, ...]]) -> list[set[int]]:
    """For each post the ids of the chats that now wait for an answer or may send on."""
    items = [item for post in posts for item in post]
    with atomic():
        waiting = _record_messages([i for i in items if isinstance(i, InboundMessage)])
        moved = statuses.record([i for i in items if isinstance(i, InboundStatus)])
        statuses.apply_parked([i.id for i in items if isinstance(i, InboundMessage) and i.echo])
        _record_notices([i for i in items if isinstance(i, AccountNotice | BadItem)])
    return [{waiting[key] for key in map(_key, post) if key in waiting} | moved for post in posts]


def _key(item: Item) -> str:
    return item.id if isinstance(item, InboundMessage) else ""


def _record_messages(received: list[InboundMessage]) -> dict[str, int]:
    """The chat of each message id that waits for an answer, also of one stored before."""
    if not received:
        return {}
    known = statements.select(
        "SELECT wamid, conversation_id, status FROM conversations_message WHERE wamid IN %s",
        {message.id for message in received},
    )
    stored = {wamid: (chat, status) for wamid, chat, status in known}
    fresh = {message.id: message for message in received if message.id not in stored}
    waiting = {
        wamid: chat
        for wamid, (chat, status) in stored.items()
        if wamid and status == Message.Status.RECEIVED
    }
    if fresh:
        rows = _store(list(fresh.values()))
        waiting |= {
            row.wamid: row.conversation_id
            for row in rows
            if row.wamid and row.status == Message.Status.RECEIVED
        }
    return waiting


def _store(fresh: list[InboundMessage]) -> list[Message]:
    chats = Chats.find(fresh)
    for message in fresh:
        _touch(chats, message)
    chats.save()
    created = [_row(m, chats.of(m)) for m in fresh]
    fetching.expect(fresh, created)
    statements.insert(Message, created)
    _tell_browsers({row.conversation_id for row in created})
    return created


def _row(message: InboundMessage, conversation: Conversation) -> Message:
    silent = message.echo or message.history or message.group_id or message.kind in SILENT_KINDS
    return Message(
        conversation=conversation,
        direction=Message.Direction.OUT if message.echo else Message.Direction.IN,
        kind=message.kind,
        status=_status(message, silent=bool(silent)),
        author=Message.Author.PHONE_APP if message.echo else Message.Author.CONTACT,
        wamid=message.id,
        body=message.text,
        payload=message.raw,
        option_id=message.option_id[:256],
        context_wamid=message.target_wamid or message.context_wamid,
        at=message.at,
        answered_at=timezone.now() if silent else None,
    )


def _status(message: InboundMessage, *, silent: bool) -> str:
    if message.echo:
        return Message.Status.SENT
    return Message.Status.ANSWERED if silent else Message.Status.RECEIVED


def _touch(chats: Chats, message: InboundMessage) -> None:
    """What the list of chats shows, and whether we may write back."""
    touch = chats.touch_of(message)
    if message.history:
        touch.history_at = max(touch.history_at or message.at, message.at)
        return
    if message.echo:
        # The owner answers by phone: the bot is silent.
        touch.agent_spoke_at = max(touch.agent_spoke_at or message.at, message.at)
    elif message.kind != "system":  # WhatsApp's word, not the contact's
        closes = message.at + WINDOW
        touch.window_closes_at = max(touch.window_closes_at or closes, closes)
    if message.kind not in SILENT_KINDS:
        touch.is_news = True
        touch.unread += not message.echo


def _record_notices(notices: Iterable[AccountNotice | BadItem]) -> None:
    rows = []
    for notice in notices:
        if isinstance(notice, BadItem):
            rows.append(AccountEvent(field="bad_item", payload={"raw": notice.raw}))
            continue
        rows.append(
            AccountEvent(
                field=notice.field[:80],
                phone_number_id=notice.phone_number_id[:64],
                waba_id=notice.waba_id[:64],
                payload={"value": notice.raw},
            )
        )
        if notice.field in _NEWS_OF_NUMBERS:
            numbers.ask_soon()
        if notice.field == "user_preferences":
            _apply_preferences(notice.raw)
        elif notice.field == "message_template_status_update":
            note_status(notice.raw)
        elif notice.field == "calls":
            open_by_calls(notice.phone_number_id, notice.raw)
    if rows:
        AccountEvent.objects.bulk_create(rows)


def _apply_preferences(value: dict[str, Any]) -> None:
    """Who wants no marketing; also someone who has never written to us."""
    for preference in map(as_dict, as_list(value.get("user_preferences"))):
        wa_id = as_id(preference.get("wa_id"), 32) or None
        user_id = as_id(preference.get("user_id"), 150) or None
        forms = forms_of(wa_id) if wa_id else ()
        same = Q(wa_id__in=forms) | Q(user_id=user_id) if user_id else Q(wa_id__in=forms)
        at = timezone.now() if preference.get("value") == "stop" else None
        changed = Contact.objects.filter(same).update(opted_out_at=at)
        if at is not None and not changed and (wa_id or user_id):
            Contact.objects.create(wa_id=wa_id, user_id=user_id, opted_out_at=at)


def _tell_browsers(chats: Iterable[int]) -> None:
    key = current_tenant().key
    on_commit(lambda: [bus.publish(key, {"chat": chat, "last": 0}) for chat in chats])
