"""Rows of a thread that only agents see: notes, and what was done in the chat.

They are messages, so that they keep their place, reach open pages and are found; of a direction of
their own, so that nothing ever sends them.
"""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.models import Conversation, Mention, Message
from tenants.context import atomic, current_tenant, on_commit
from tenants.models import User
from whapco.lib import bus

EVENT, NOTE = "event", "note"


def add_event(
    conversation: Conversation, event: str, *, agent: User | None = None, **details: Any
) -> Message:
    """Note what `agent` (None: the system) did. `details` are the words of its sentence, see
    `event_sentence`: names as they are now, since users and labels may go."""
    return _add(conversation, EVENT, {"event": event, **details}, agent=agent)


def add_note(
    conversation: Conversation, text: str, *, agent: User, mentioned: Iterable[User] = ()
) -> Message:
    """A note for colleagues, who are told if mentioned."""
    with atomic():
        row = _add(conversation, NOTE, {}, agent=agent, body=text)
        Mention.objects.bulk_create(Mention(message=row, user=user) for user in set(mentioned))
    return row


def _add(
    conversation: Conversation,
    kind: str,
    payload: dict[str, Any],
    *,
    agent: User | None,
    body: str = "",
) -> Message:
    with atomic():
        row = Message.objects.create(
            conversation=conversation,
            direction=Message.Direction.OWN,
            kind=kind,
            status=Message.Status.KEPT,
            author=Message.Author.AGENT if agent else Message.Author.SYSTEM,
            agent=agent,
            body=body,
            payload=payload,
            at=timezone.now(),
        )
        company, chat, last = current_tenant().key, conversation.pk, row.pk
        on_commit(lambda: bus.publish(company, {"chat": chat, "last": last}))
    return row


def event_sentence(message: Message, who: str) -> str:
    """What happened, in Spanish; of an event nobody knows, that something did."""
    details = message.payload if isinstance(message.payload, dict) else {}
    words = {**{name: str(value) for name, value in details.items()}, "who": who}
    sentence = _sentences().get(str(details.get("event")))
    try:
        return sentence % words if sentence else _("Cambio en el chat")
    except KeyError:  # an event of an older version, without that detail
        return _("Cambio en el chat")


def _sentences() -> dict[str, str]:
    return {
        "assigned": _("%(who)s asignó el chat a %(to)s"),
        "taken": _("%(who)s tomó el chat"),
        "unassigned": _("%(who)s dejó el chat sin asignar"),
        "roles": _("%(who)s pasó el chat a %(to)s"),
        "dealt": _("El chat se asignó a %(to)s por turno"),
        "state": _("%(who)s cambió el estado a «%(to)s»"),
        "labelled": _("%(who)s puso la etiqueta «%(label)s»"),
        "unlabelled": _("%(who)s quitó la etiqueta «%(label)s»"),
        "snoozed": _("%(who)s pospuso el chat hasta el %(until)s"),
        "woken": _("El chat volvió de estar pospuesto"),
        "bot_paused": _("Bot en pausa: responde %(who)s"),
        "bot_resumed": _("%(who)s devolvió el chat al bot"),
        "finished": _("%(who)s finalizó el chat"),
        "scheduled": _("%(who)s programó un mensaje para el %(at)s"),
        "unscheduled": _("%(who)s canceló un mensaje programado"),
        "not_sent_later": _("Un mensaje programado no se envió: %(reason)s"),
        "opted_out": _("El cliente pidió no recibir más mensajes"),
        "opted_in": _("%(who)s volvió a permitir mensajes a este cliente"),
        "merged": _("%(who)s unió este cliente con %(other)s"),
        "unmerged": _("%(who)s deshizo la unión con %(other)s"),
    }
