"""A page of messages -> the bubbles of a thread, with what hangs on them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.bubbles import Parts, parts_of, text_of_edit
from conversations.hanging import Hanging, Reaction, hanging_on, who_wrote
from conversations.models import Conversation, Message
from conversations.own_rows import EVENT, NOTE, event_sentence
from conversations.whatsapp.errors import may_pass_later

_NOTICES = ("system", "revoke", "edit", "request_welcome", EVENT)
_S = Message.Status
# A bubble that comes with a lower rank than the one on screen was drawn earlier.
_RANKS = (
    *(_S.QUEUED, _S.SENDING, _S.ACCEPTED, _S.SENT, _S.FAILED),
    *(_S.DELIVERED, _S.READ, _S.PLAYED),
)
_LATE = dt.timedelta(minutes=1)
_NEWS = dt.timedelta(days=8)  # Meta repeats a webhook for at most 7: what is older was imported


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
    reactions: tuple[Reaction, ...] = ()
    chosen: frozenset[str] = frozenset()  # ids of the options that the contact tapped
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
    def key_above(self) -> str:
        """The place just above it, for a line that is no message."""
        day, second, _pk = self.key.split("|")
        return f"{day}|{second}|{self.message.pk - 1:012d}~"

    @property
    def chosen_titles(self) -> tuple[str, ...]:
        """Of a list, which hides its options."""
        options = (option for section in self.parts.sections for option in section.options)
        return tuple(option.title for option in options if option.id in self.chosen)

    @property
    def may_retry(self) -> bool:
        """Whether "Reintentar" makes sense: ours, given up, and for a reason that may be over."""
        message = self.message
        failed = message.status == _S.FAILED and message.send_key is not None
        return failed and may_pass_later(message.error_code)

    @property
    def is_note(self) -> bool:
        return self.message.kind == NOTE

    @property
    def is_late(self) -> bool:
        """Whether it reached us well after it was written: it may stand above what was answered
        without knowing of it."""
        message = self.message
        is_old_chat = isinstance(message.payload, dict) and "history_context" in message.payload
        if message.direction != Message.Direction.IN or is_old_chat:
            return False
        return _LATE <= message.created_at - message.at <= _NEWS

    @property
    def rank(self) -> int:
        """How far it has come; what cannot move has 0."""
        return _RANKS.index(self.message.status) if self.message.status in _RANKS else 0

    @property
    def actions(self) -> str:
        """What can be done with it, in words for the page: `quote react forward copy info`."""
        message = self.message
        if self.revoked:
            return "info"
        at_meta = bool(message.wamid) and not self.is_note
        sendable = not self.is_note and bool(self.text or message.media_id)
        offered = {
            "quote": at_meta,
            "react": at_meta and message.status != _S.FAILED,
            "forward": sendable,
            "copy": bool(self.text),
            "why": message.author == Message.Author.BOT,
            "info": True,
        }
        return " ".join(name for name, is_offered in offered.items() if is_offered)


def bubbles_of(conversation: Conversation, messages: Sequence[Message]) -> list[Bubble]:
    """One bubble per message, in the thread's order: a late message lands in its place."""
    hanging = hanging_on(conversation, messages)
    return sorted((_bubble(one, hanging) for one in messages), key=lambda bubble: bubble.key)


def key_of(message: Message) -> str:
    """Its place in the thread, as text that sorts."""
    day = timezone.localtime(message.at).date()
    return f"{day:%Y-%m-%d}|{int(message.at.timestamp()):012d}|{message.pk:012d}"


def _bubble(message: Message, hanging: Hanging) -> Bubble:
    return Bubble(
        message=message,
        parts=parts_of(message.kind, message.body, message.payload),
        day=timezone.localtime(message.at).date(),
        key=key_of(message),
        who=who_wrote(message, hanging.contact),
        notice=_notice(message, hanging) if message.kind in _NOTICES else "",
        quote=_quote(message, hanging),
        reactions=hanging.reactions_to(message),
        chosen=hanging.taps_on(message),
        edits=hanging.edits_of(message),
        revoked=hanging.is_revoked(message),
        retries=tuple(hanging.retries.get(message.pk, ())),
    )


def _quote(message: Message, hanging: Hanging) -> Quote | None:
    """A tap's context is the menu it answers: WhatsApp shows it as a quote as well."""
    if not message.context_wamid:
        return None
    original = hanging.quoted.get(message.context_wamid)
    if original is None:
        return Quote(None, "", _("El mensaje original no está disponible"))
    who = who_wrote(original, hanging.contact)
    if hanging.is_revoked(original):
        return Quote(original.pk, who, _("Se eliminó este mensaje"))
    parts = parts_of(original.kind, original.body, original.payload)
    cards = " · ".join(card.title for card in parts.cards)
    return Quote(original.pk, who, parts.text or cards)


def _notice(message: Message, hanging: Hanging) -> str:
    if message.kind == EVENT:
        return event_sentence(message, who_wrote(message, hanging.contact))
    who = hanging.contact if message.direction == Message.Direction.IN else _("El celular")
    if message.kind == "revoke":
        return _("%(who)s eliminó un mensaje") % {"who": who}
    if message.kind == "edit":
        if message.context_wamid in hanging.quoted:  # which shows the text itself
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
