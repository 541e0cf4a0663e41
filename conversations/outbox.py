"""Sends what is queued: queued -> sending -> accepted, or failed with a reason. In order.

A row is `sending` before the call leaves, so that a crash shows; Meta's receipts carry our
`send_key` and settle it. What stays in doubt for a minute is sent once more, and marked.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import account_events, numbers, pacing, statuses, windows
from conversations.line import client
from conversations.media import forget_upload, with_uploads
from conversations.models import Conversation, Message
from conversations.numbers import LOOK_AGAIN
from conversations.querysets import MessageQuerySet as MessageQuerySet
from conversations.retries import next_try
from conversations.whatsapp import errors, outbound
from conversations.whatsapp.client import Sent
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError
from tenants.context import current_tenant
from tenants.statements import execute
from tenants.tasks import stopping
from tenants.together import together
from whapco.lib import bus

logger = logging.getLogger(__name__)
DOUBT = timedelta(seconds=60)  # how long a receipt may take to settle a send without answer
_S = Message.Status


@dataclass(frozen=True)
class Outcome:
    """What became of one call to Meta."""

    message: Message
    sent: Sent | None = None
    error: GraphError | None = None


@dataclass
class Delivery:
    """Sends the messages of a leased chat, in order.

    `accepted` is the last one that Meta took, still to be stored with whatever comes next;
    `due`, when to come back for what must wait.
    """

    conversation: Conversation
    messages: list[Message]
    accepted: Outcome | None = None
    due: datetime | None = None

    def run(self) -> None:
        """When one must wait nothing overtakes it, not even when it may have arrived already:
        order is part of the promise."""
        for message in self.messages:
            self.due = _waits_until(self.conversation, message)
            if stopping.is_set() or self.due is not None:
                return
            if not _may_go(self.conversation, message):
                continue
            begun, self.accepted = together(move_on, (self.accepted, message)), None
            if not begun:  # a receipt settled it, or the chat is another's
                return
            outcome = _call(self.conversation, message)
            if outcome.error is None:
                self.accepted = outcome
                continue
            together(finish_send, outcome)
            if message.status in (_S.QUEUED, _S.SENDING):  # to be tried again, or in doubt
                self.due = message.next_attempt_at
                return


def move_on(steps: list[tuple[Outcome | None, Message]]) -> list[bool]:
    """Group operation: keep what Meta accepted, and begin with the next of the chat."""
    finish_send([accepted for accepted, _ in steps if accepted is not None])
    return begin_send([message for _, message in steps])


def _waits_until(conversation: Conversation, message: Message) -> datetime | None:
    now = timezone.now()
    if message.next_attempt_at and message.next_attempt_at > now:
        return message.next_attempt_at
    number = conversation.phone_number_id
    until = numbers.paused_until(number)
    if until is None:
        rate = numbers.send_rate(number)
        seconds = pacing.wait_seconds(number, conversation.contact_id, per_second=rate)
        until = now + timedelta(seconds=seconds) if seconds else None
    if until is not None:
        waiting = _row(message).filter(status__in=(_S.QUEUED, _S.SENDING), wamid=None)
        waiting.update(next_attempt_at=until)
    return until


def _may_go(conversation: Conversation, message: Message) -> bool:
    if message.status == _S.SENDING and not _resend(message):
        return False
    error = _refusal(conversation, message)
    if error is not None:
        together(finish_send, Outcome(message, error=error))
    return error is None


def _resend(message: Message) -> bool:
    """Whether a message in doubt is sent again: once. The second time it is given up."""
    if message.resent_at is not None:
        lost = _("Meta no confirmó el envío: pregunta al cliente si lo recibió, o reenvíalo.")
        _fail(message, GraphError(lost, action=Action.AGENT))
        return False
    message.resent_at = timezone.now()
    rows = _row(message).filter(status=_S.SENDING, wamid=None)
    return bool(rows.update(status=_S.QUEUED, resent_at=message.resent_at))


def _refusal(conversation: Conversation, message: Message) -> GraphError | None:
    """Why it is not even tried. After the company has paid old words would be out of place."""
    if current_tenant().is_unpaid:
        text = _("La suscripción de la empresa había terminado: el mensaje no se envió.")
        return GraphError(text, action=Action.AGENT)
    if conversation.window_is_open or message.kind == "template":
        return None
    text = errors.explain(windows.CLOSED)
    return GraphError(text, code=windows.CLOSED, action=Action.TEMPLATE_NEEDED)


def begin_send(messages: list[Message]) -> list[bool]:
    """Group operation: queued -> sending. False where another worker was faster."""
    keys = [message.send_key for message in messages]
    doubt_ends = timezone.now() + DOUBT
    changed = execute(
        "UPDATE conversations_message SET status = %s, attempts = attempts + 1,"
        " next_attempt_at = %s WHERE send_key IN %s AND status = %s",
        _S.SENDING,
        doubt_ends,
        keys,
        _S.QUEUED,
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
    number = conversation.phone_number_id
    try:
        try:
            sent = _send(conversation, message)
        except GraphError as error:
            if not forget_upload(message, number, error):
                raise
            sent = _send(conversation, message)  # with its file uploaded again
    except GraphError as error:
        return Outcome(message, error=error)
    numbers.note_success(number)
    return Outcome(message, sent=sent)


def _send(conversation: Conversation, message: Message) -> Sent:
    """Raises GraphError."""
    contact = conversation.contact
    body = outbound.envelope(
        with_uploads(message, conversation.phone_number_id),
        to=contact.wa_id or "",
        recipient="" if contact.wa_id else contact.user_id or "",
        group=contact.group_id or "",
        send_key=str(message.send_key),
        context_wamid=message.context_wamid,
    )
    return client().send(conversation.phone_number_id, body)


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
    chosen = " ".join(["WHEN %s THEN %s"] * len(wamids))
    execute(
        f"UPDATE conversations_message SET wamid = CASE send_key {chosen} END, status = %s,"  # noqa: S608
        " next_attempt_at = NULL, error_code = NULL, error_text = ''"
        " WHERE send_key IN %s AND status = %s",
        *(value for pair in wamids.items() for value in pair),
        _S.ACCEPTED,
        list(wamids),
        _S.SENDING,
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
        _retry_at(message, error, timezone.now() + LOOK_AGAIN)
        return
    if error.code == windows.CLOSED:
        windows.refused(message.send_key, message.conversation_id, timezone.now())
    if error.action is Action.CHANNEL:
        numbers.note_trouble(message.conversation.phone_number_id, error.code, error.text)
    if error.action is Action.TEMPLATE:
        number = message.conversation.phone_number_id
        account_events.note_template(number, message.payload, error.code)
    if error.action is Action.BUG:
        _report_bug(message, error)
    when = next_try(error, message.attempts, message.conversation.phone_number_id)
    if when is None:
        _fail(message, error)
    else:
        _retry_at(message, error, when)


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
