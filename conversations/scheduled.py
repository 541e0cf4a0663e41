"""Messages for later: queued when their time comes, once."""

import datetime as dt

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.models import Conversation, Message, ScheduledMessage
from conversations.own_rows import add_event
from conversations.services import hand_over, queue
from conversations.whatsapp import outbound
from tenants.context import atomic
from tenants.models import User

FURTHEST = dt.timedelta(days=90)
_BATCH = 100  # sent in one round of the job


class CannotSchedule(Exception):
    """Why not, in a sentence for the agent."""


def schedule(
    conversation: Conversation, text: str, *, send_at: dt.datetime, agent: User, key: str
) -> ScheduledMessage:
    """`key`: the form's UUID; the same form sent twice is one. Raises CannotSchedule."""
    _require_time(send_at)
    if found := ScheduledMessage.objects.filter(key=key, conversation=conversation).first():
        return found
    with atomic():
        row = ScheduledMessage.objects.create(
            conversation=conversation,
            agent=agent,
            key=key,
            body=text,
            payload=outbound.text(text),
            send_at=send_at,
        )
        add_event(conversation, "scheduled", agent=agent, at=_shown(send_at))
    return row


def change(row: ScheduledMessage, text: str, *, send_at: dt.datetime) -> bool:
    """False when it has left, or was cancelled, in between. Raises CannotSchedule."""
    _require_time(send_at)
    words = {"body": text, "payload": outbound.text(text), "send_at": send_at}
    return bool(_waiting().filter(pk=row.pk).update(**words))


def cancel(row: ScheduledMessage, *, agent: User) -> bool:
    """False when there was nothing left to cancel."""
    with atomic():
        if not _waiting().filter(pk=row.pk).update(cancelled_at=timezone.now()):
            return False
        add_event(row.conversation, "unscheduled", agent=agent)
    return True


def waiting_in(conversation: Conversation) -> list[ScheduledMessage]:
    """Soonest first."""
    rows = _waiting().filter(conversation=conversation).select_related("agent")
    return list(rows.order_by("send_at", "pk"))


def warning(conversation: Conversation, send_at: dt.datetime) -> str:
    """Said before it is scheduled: by then WhatsApp may not take it."""
    closes = conversation.window_closes_at
    if closes is not None and send_at < closes:
        return ""
    return _(
        "A esa hora habrán pasado más de 24 horas desde lo último que escribió el cliente: si no "
        "vuelve a escribir, WhatsApp no lo aceptará y quedará sin enviar."
    )


def send_due() -> bool:
    """Job: queue what is due. Returns whether anything waits still."""
    due = _waiting().filter(send_at__lte=timezone.now()).order_by("send_at", "pk")[:_BATCH]
    for row in due.select_related("conversation", "agent"):
        _send(row)
    return _waiting().exists()


def _send(row: ScheduledMessage) -> None:
    """The claim and the queued message commit together: two processes never both send it."""
    chat, now = row.conversation, timezone.now()
    with atomic():
        if not chat.window_is_open:
            reason = _("la ventana de 24 horas ya se cerró")
            if _waiting().filter(pk=row.pk).update(cancelled_at=now, reason=reason):
                Conversation.objects.filter(pk=chat.pk).update(attention="programado_sin_enviar")
                add_event(chat, "not_sent_later", reason=reason)
            return
        if not _waiting().filter(pk=row.pk).update(sent_at=now):
            return
        message = queue(
            chat,
            row.payload,
            body=row.body,
            author=Message.Author.AGENT,
            agent=row.agent,
            key=str(row.key),
        )
        ScheduledMessage.objects.filter(pk=row.pk).update(message=message)
        hand_over(chat, agent=row.agent)


def _waiting() -> QuerySet[ScheduledMessage]:
    return ScheduledMessage.objects.filter(sent_at=None, cancelled_at=None)


def _require_time(send_at: dt.datetime) -> None:
    if send_at <= timezone.now():
        raise CannotSchedule(_("Esa hora ya pasó: elige una más adelante."))
    if send_at > timezone.now() + FURTHEST:
        raise CannotSchedule(_("Se puede programar hasta 90 días adelante."))


def _shown(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%d/%m/%Y %H:%M}"
