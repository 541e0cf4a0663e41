"""A stored message as the engine sees it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chatbot.engine_types import Event
from conversations.models import Message
from tenants.together import together
from whapco.lib.number_words import with_digits

MEDIA_TRIGGERS: Mapping[str, str] = {
    "image": "@imagen",
    "video": "@video",
    "audio": "@audio",
    "document": "@documento",
    "location": "@ubicacion",
    "contacts": "@contacto",
    "sticker": "@sticker",
}

# Kinds whose body the contact wrote or said; the name of a place is no text for the rules.
_WRITTEN = frozenset({"text", "image", "video", "audio", "document"})

# Kinds whose body is the title of the option that was tapped, also when it came without its id.
_TAPPED = frozenset({"button", "interactive"})


def event_of(
    message: Message, now: datetime, rule_behind: Callable[[str], int | None] | None = None
) -> Event:
    """The event of one message; a voice note's transcript is its text, with numbers as digits.

    `rule_behind` gives the rule of the message with a wamid to who has read many before."""
    kind = _kind(message)
    text = message.body if kind == "tap" or message.kind in _WRITTEN else ""
    return Event(
        kind=kind,
        text=with_digits(text) if message.kind == "audio" else text,
        media_trigger=MEDIA_TRIGGERS.get(message.kind, ""),
        option_id=message.option_id,
        source_rule_id=(rule_behind or _rule_behind)(message.context_wamid)
        if kind in ("tap", "flow")
        else None,
        now=now,
    )


def _kind(message: Message) -> str:
    if message.option_id or (message.kind in _TAPPED and message.body):
        return "tap"
    if message.kind == "text" or (message.kind == "audio" and message.body):
        return "text"
    if message.kind in MEDIA_TRIGGERS:
        return "media"
    interactive = message.payload.get("interactive")
    is_form = isinstance(interactive, dict) and interactive.get("type") == "nfm_reply"
    return "flow" if is_form else "other"


def _rule_behind(wamid: str) -> int | None:
    return together(source_rules, wamid) if wamid else None


def source_rules(wamids: list[str]) -> list[int | None]:
    """Group operation: the rules whose messages carried the tapped options."""
    found = dict(Message.objects.filter(wamid__in=wamids).values_list("wamid", "rule_id"))
    return [found.get(wamid) for wamid in wamids]
