"""Sends what is queued: queued -> sending -> accepted, or failed with a reason. In order.

A row is `sending` before the call leaves, so that a crash shows; Meta's receipts carry our
`send_key` and settle it. What stays in doubt for a minute is sent once more, and marked.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import numbers, pacing, statuses
from conversations.line import client
from conversations.media import with_uploads
from conversations.models import Conversation, Message
from conversations.querysets import MessageQuerySet as MessageQuerySet
from conversations.whatsapp import errors, outbound
from conversations.whatsapp.client import Sent
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError
from tenants.context import current_tenant
from tenants.tasks import stopping
from tenants.together import together
from whapco.lib import bus

logger = logging.getLogger(__name__)
DOUBT = timedelta(seconds=60)  # how long a receipt may take to settle a send without answer
MAX_BACKOFF_SECONDS = 60
WINDOW_CLOSED = 131047  # Meta's code for a message outside the 24-hour window
_S = Message.Status


@dataclass(frozen=True)
class Outcome:
    """What became of one call to Meta."""

    message: Message
    sent: Sent | None = None
    error: GraphError | None = None


def deliver(conversation: Conversation, messages: list[Message]) -> datetime | None:
    """Send the messages of a leased chat, in order. Returns when to come back, when the first
    of the rest must wait. Nothing overtakes it, not even when it may have arrived already:
    order is part of the promise."""
    for message in messages:
        due = _waits_until(conversation, message)
        if stopping.is_set() or due is not None:
            return due
        if message.status == _S.SENDING and not _resend(message):
            continue
        if not conversation.window_is_open and message.kind != "template":
            _refuse_closed_window(message)
            continue
        if not together(begin_send, message):  # a receipt settled it, or the chat is another's
            return None
        together(finish_send, _call(conversation, message))
        if message.status == _S.ACCEPTED:
            numbers.note_success(conversation.phone_number_id)
        if message.status in (_S.QUEUED, _S.SENDING):  # to be tried again, or in doubt
            return message.next_attempt_at
    return None


def _waits_until(conversation: Conversation, message: Message) -> datetime | None:
    now = timezone.now()
    if message.next_attempt_at and message.next_attempt_at > now:
        return message.next_attempt_at
    until = numbers.paused_until(conversation.phone_number_id)
    if until is None:
        seconds = pacing.wait_seconds(conversation.phone_number_id, conversation.contact_id)
        until = now + timedelta(seconds=seconds) if seconds else None
    if until is not None:
        waiting = _row(message).filter(status__in=(_S.QUEUED, _S.SENDING), wamid=None)
        waiting.update(next_attempt_at=until)
    return until


def _resend(message: Message) -> bool:
    """Whether a message in doubt is sent again: once. The second time it is given up."""
    if message.resent_at is not None:
        lost = _("Meta no confirmó el envío: pregunta al cliente si lo recibió, o reenvíalo.")
        _fail(message, GraphError(lost, action=Action.AGENT))
        return False
    message.resent_at = timezone.now()
    rows = _row(message).filter(status=_S.SENDING, wamid=None)
    return bool(rows.update(status=_S.QUEUED, resent_at=message.resent_at))


def _refuse_closed_window(message: Message) -> None:
    together(
        finish_send,
        Outcome(
            message,
            error=GraphError(
                errors.explain(WINDOW_CLOSED), code=WINDOW_CLOSED, action=Action.TEMPLATE_NEEDED
            ),
        ),
    )


def begin_send(messages: list[Message]) -> list[bool]:
    """Group operation: queued -> sending. False where another worker was faster."""
    keys = [message.send_key for message in messages]
    doubt_ends = timezone.now() + DOUBT
    changed = Message.objects.filter(send_key__in=keys, status=_S.QUEUED).update(
        status=_S.SENDING, attempts=F("attempts") + 1, next_attempt_at=doubt_ends
    )
    ours = set(keys) if changed == len(keys) else _moved_by_us(keys, doubt_ends)
    for message in messages:
        message.attempts += message.send_key in ours
        message.next_attempt_at = doubt_ends
    return [message.send_key in ours for message in messages]


def _moved_by_us(keys: list[UUID | None], doubt_ends: datetime) -> set[UUID | None]:
    """The microsecond of the end of doubt is as good as our name on the row."""
    rows = Message.objects.filter(send_key__in=keys, status=_S.SENDING, next_attempt_at=doubt_ends)
    return set(rows.values_list("send_key", flat=True))


def _call(conversation: Conversation, message: Message) -> Outcome:
    contact = conversation.contact
    try:
        body = outbound.envelope(
            with_uploads(message.payload, conversation.phone_number_id),
            to=contact.wa_id or "",
            recipient="" if contact.wa_id else contact.user_id or "",
            group=contact.group_id or "",
            send_key=str(message.send_key),
            context_wamid=message.context_wamid,
        )
        return Outcome(message, sent=client().send(conversation.phone_number_id, body))
    except GraphError as error:
        return Outcome(message, error=error)


def finish_send(outcomes: list[Outcome]) -> list[None]:
    """Group operation: keep what Meta answered, and apply receipts that overtook the answer."""
    accepted = [outcome for outcome in outcomes if outcome.sent is not None]
    if accepted:
        _accept(accepted)
    for outcome in outcomes:
        if outcome.error is not None:
            _settle_error(outcome.message, outcome.error)
    key = current_tenant().key
    for outcome in outcomes:
        bus.publish(key, {"chat": outcome.message.conversation_id, "last": 0})
    return [None] * len(outcomes)


def _accept(outcomes: list[Outcome]) -> None:
    wamids = {o.message.send_key: o.sent.wamid for o in outcomes if o.sent is not None}
    chosen = Case(*(When(send_key=key, then=Value(wamid)) for key, wamid in wamids.items()))
    rows = Message.objects.filter(send_key__in=list(wamids), status=_S.SENDING)
    rows.update(
        wamid=chosen, status=_S.ACCEPTED, next_attempt_at=None, error_code=None, error_text=""
    )
    for outcome in outcomes:
        outcome.message.status = _S.ACCEPTED
    statuses.apply_parked(wamids.values())


def _settle_error(message: Message, error: GraphError) -> None:
    if isinstance(error, AnswerUnknown):
        message.status = _S.SENDING  # in doubt: a receipt may still settle it
        return
    if error.action is Action.TOKEN:
        numbers.pause(message.conversation.phone_number_id, error)
        _retry_at(message, error, timezone.now() + timedelta(seconds=MAX_BACKOFF_SECONDS))
        return
    if error.action is Action.CHANNEL:
        numbers.note_trouble(message.conversation.phone_number_id, error.code, error.text)
    if error.action is Action.BUG:
        _report_bug(message, error)
    if error.permanent or message.attempts >= error.tries:
        _fail(message, error)
        return
    seconds = error.wait_seconds or backoff_seconds(error.action, message.attempts)
    if error.action is Action.BACKOFF:
        numbers.slow_down(message.conversation.phone_number_id, seconds, error)
    _retry_at(message, error, timezone.now() + timedelta(seconds=seconds))


def _report_bug(message: Message, error: GraphError) -> None:
    """The shape of a body that our validation should not have let through; never its content."""
    words = message.payload.get(message.kind)
    shape = sorted(words) if isinstance(words, dict) else type(words).__name__
    logger.error(
        "Meta refused message %s (%s, %s): code %s, subcode %s, trace %s",
        message.send_key,
        message.kind,
        shape,
        error.code,
        error.subcode,
        error.fbtrace_id,
    )


def backoff_seconds(action: Action, attempts: int) -> float:
    """4^n for the pair limit (cloud-api 2.6), else doubling up to a minute; with jitter, so
    that what failed together does not come back together."""
    base = 4.0 ** (attempts - 1) if action is Action.PAIR else 2.0 ** (attempts - 1)
    limit = 256.0 if action is Action.PAIR else MAX_BACKOFF_SECONDS
    return min(base, limit) * random.uniform(1.0, 1.25)  # noqa: S311


def _row(message: Message) -> MessageQuerySet:
    """By our key: MySQL tells no ids of rows made in bulk."""
    return Message.objects.filter(send_key=message.send_key)


def _retry_at(message: Message, error: GraphError, when: datetime) -> None:
    message.status, message.next_attempt_at = _S.QUEUED, when
    _row(message).filter(status=_S.SENDING).update(
        status=_S.QUEUED, next_attempt_at=when, error_code=error.code, error_text=error.text
    )


def _fail(message: Message, error: GraphError) -> None:
    message.status = _S.FAILED
    rows = _row(message).filter(status__in=(_S.QUEUED, _S.SENDING))
    rows.update(
        status=_S.FAILED,
        failed_at=timezone.now(),
        next_attempt_at=None,
        error_code=error.code,
        error_text=error.text,
    )
    Conversation.objects.filter(pk=message.conversation_id).update(attention="envio_fallido")
