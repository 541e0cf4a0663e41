"""A page of messages -> the bubbles of a thread, with what hangs on them.

Reactions, edits, deletions and quoted originals are rows of their own: two queries fetch those of
a whole page.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from conversations.bubbles import Parts, parts_of, text_of_edit
from conversations.models import Conversation, ManualRetry, Message
from conversations.own_rows import EVENT, event_sentence
from conversations.whatsapp.errors import may_pass_later

_HANGING = ("reaction", "edit", "revoke")
_NOTICES = ("system", "revoke", "edit", "request_welcome", EVENT)


@dataclass(frozen=True)
class Quote:
    """The box above an answer. `message_id` is None when the original never reached us."""

    message_id: int | None
    who: str
    text: str


@dataclass(frozen=True)
class Bubble:
    """`key` sorts as text in the thread's order: day, WhatsApp's second, arrival."""

    message: Message
    parts: Parts
    day: dt.date
    key: str
    who: str
    notice: str = ""
    quote: Quote | None = None
    reactions: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()  # the texts that replaced the first one, in order
    revoked: bool = False
    retries: tuple[str, ...] = ()  # who had it sent again by hand, and when

    @property
    def text(self) -> str:
        return self.edits[-1] if self.edits else self.parts.text

    @property
    def earlier_texts(self) -> tuple[str, ...]:
        """What it said before it was edited, oldest first."""
        return tuple(filter(None, (self.parts.text, *self.edits)[:-1])) if self.edits else ()

    @property
    def may_retry(self) -> bool:
        """Whether "Reintentar" makes sense: ours, given up, and for a reason that may be over."""
        message = self.message
        failed = message.status == Message.Status.FAILED and message.send_key is not None
        return failed and may_pass_later(message.error_code)


def bubbles_of(conversation: Conversation, messages: Sequence[Message]) -> list[Bubble]:
    """One bubble per message, in the thread's order: a late message lands in its place."""
    hanging = _hanging_on(conversation, messages)
    quoted = _quoted_by(conversation, messages)
    retries = _retries_of(messages)
    contact = str(conversation.contact)
    bubbles = (
        replace(
            _bubble(message, hanging, quoted, contact),
            retries=tuple(retries.get(message.pk, ())),
        )
        for message in messages
    )
    return sorted(bubbles, key=lambda bubble: bubble.key)


def _hanging_on(
    conversation: Conversation, messages: Sequence[Message]
) -> dict[str, list[Message]]:
    """Reactions, edits and deletions by the wamid they are about, in order; of quoted messages
    too."""
    wamids = {wamid for one in messages for wamid in (one.wamid, one.context_wamid) if wamid}
    rows = Message.objects.filter(
        conversation=conversation, kind__in=_HANGING, context_wamid__in=wamids
    ).order_by("at", "id")
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for row in rows:
        found[row.context_wamid].append(row)
    return found


def _quoted_by(conversation: Conversation, messages: Sequence[Message]) -> dict[str, Message]:
    wamids = {message.context_wamid for message in messages if message.context_wamid}
    rows = Message.objects.filter(conversation=conversation, wamid__in=wamids)
    return {row.wamid or "": row for row in rows.select_related("agent")}


def _retries_of(messages: Sequence[Message]) -> dict[int, list[str]]:
    """In words, oldest first."""
    ours = [message.pk for message in messages if message.send_key is not None]
    rows = ManualRetry.objects.filter(message__in=ours).select_related("agent").order_by("pk")
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        who = row.agent.get_full_name() or row.agent.get_username() if row.agent else _("Asesor")
        when = formats.date_format(timezone.localtime(row.at), "SHORT_DATETIME_FORMAT")
        words = _("Reenviado por %(who)s, %(when)s") % {"who": who, "when": when}
        found[row.message_id].append(words)
    return found


def _bubble(
    message: Message,
    hanging: dict[str, list[Message]],
    quoted: dict[str, Message],
    contact: str,
) -> Bubble:
    day = timezone.localtime(message.at).date()
    edits = (text_of_edit(row.payload) for row in _by_its_author(message, hanging, "edit"))
    return Bubble(
        message=message,
        parts=parts_of(message.kind, message.body, message.payload),
        day=day,
        key=f"{day:%Y-%m-%d}|{int(message.at.timestamp()):012d}|{message.pk:012d}",
        who=_who(message, contact),
        notice=_notice(message, quoted, contact) if message.kind in _NOTICES else "",
        quote=_quote(message, hanging, quoted, contact),
        reactions=_reactions(hanging.get(message.wamid or "", [])),
        edits=tuple(filter(None, edits)),
        revoked=bool(_by_its_author(message, hanging, "revoke")),
    )


def _by_its_author(message: Message, hanging: dict[str, list[Message]], kind: str) -> list[Message]:
    """Nobody edits or deletes what the other side wrote, whatever a webhook says."""
    rows = hanging.get(message.wamid or "", [])
    return [row for row in rows if row.kind == kind and row.direction == message.direction]


def _who(message: Message, contact: str) -> str:
    if message.author == Message.Author.CONTACT:
        return contact
    if message.agent is not None:
        return message.agent.get_full_name() or message.agent.get_username()
    return str(Message.Author(message.author).label)


def _quote(
    message: Message,
    hanging: dict[str, list[Message]],
    quoted: dict[str, Message],
    contact: str,
) -> Quote | None:
    """A tap's context is the menu it answers: WhatsApp shows it as a quote as well."""
    if not message.context_wamid:
        return None
    original = quoted.get(message.context_wamid)
    if original is None:
        return Quote(None, "", _("El mensaje original no está disponible"))
    if _by_its_author(original, hanging, "revoke"):
        return Quote(original.pk, _who(original, contact), _("Se eliminó este mensaje"))
    parts = parts_of(original.kind, original.body, original.payload)
    cards = " · ".join(card.title for card in parts.cards)
    return Quote(original.pk, _who(original, contact), parts.text or cards)


def _reactions(hanging: list[Message]) -> tuple[str, ...]:
    """The last reaction of each side; an empty one takes it back."""
    last: dict[str, str] = {}
    for row in hanging:
        if row.kind == "reaction":
            reaction = row.payload.get("reaction") if isinstance(row.payload, dict) else None
            emoji = reaction.get("emoji") if isinstance(reaction, dict) else None
            last[row.direction] = str(emoji or "")
    return tuple(emoji for emoji in last.values() if emoji)


def _notice(message: Message, quoted: dict[str, Message], contact: str) -> str:
    if message.kind == EVENT:
        return event_sentence(message, _who(message, contact))
    who = contact if message.direction == Message.Direction.IN else _("El celular")
    if message.kind == "revoke":
        return _("%(who)s eliminó un mensaje") % {"who": who}
    if message.kind == "edit":
        if message.context_wamid in quoted:  # which shows the text itself
            return _("%(who)s editó un mensaje") % {"who": who}
        text = text_of_edit(message.payload)
        return _("%(who)s editó un mensaje: %(text)s") % {"who": who, "text": text}
    if message.kind == "request_welcome":
        return _("%(who)s abrió el chat por primera vez") % {"who": who}
    return _system_notice(message)


def _system_notice(message: Message) -> str:
    """Meta's own sentence is English: the known events are said in Spanish."""
    system = message.payload.get("system") if isinstance(message.payload, dict) else None
    event = system if isinstance(system, dict) else {}
    new_number = event.get("wa_id") or event.get("new_wa_id") or event.get("customer") or ""
    return {
        "user_changed_number": _("El cliente cambió de número: %(to)s") % {"to": new_number},
        "customer_changed_number": _("El cliente cambió de número: %(to)s") % {"to": new_number},
        "user_changed_user_id": _("El cliente cambió de identificador"),
        "customer_identity_changed": _("Cambió la identidad del cliente en WhatsApp"),
    }.get(str(event.get("type")), message.body or _("Aviso de WhatsApp"))
