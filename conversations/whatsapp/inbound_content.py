"""The parts of a message that depend on its type. Message objects come cleaned."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from conversations.whatsapp.cleaning import clean_json
from conversations.whatsapp.errors import as_code, details_of
from conversations.whatsapp.inbound_items import ErrorInfo, MediaInfo
from conversations.whatsapp.reading import as_dict, as_id, as_list, as_text

MEDIA_KINDS: Final = frozenset({"image", "video", "audio", "document", "sticker"})
_TAPS: Final = ("button_reply", "list_reply")
_TEXT_KEY: Final = {  # where each type keeps what a person reads
    "text": "body",
    "image": "caption",
    "video": "caption",
    "document": "caption",
    "button": "text",
    "order": "text",
    "system": "body",
}


def readable(message: Mapping[str, Any]) -> str:
    """What a person would read in the message; empty where only a placeholder can tell."""
    kind = as_text(message.get("type"))
    content = message.get(kind)
    if kind in _TEXT_KEY:
        return as_text(as_dict(content).get(_TEXT_KEY[kind]))
    if kind == "interactive":
        return as_text(_tapped(message).get("title"))
    if kind == "location":
        return as_text(as_dict(content).get("name")) or as_text(as_dict(content).get("address"))
    if kind == "contacts":
        return ", ".join(filter(None, map(_card_name, as_list(content))))
    if kind == "edit":
        inner = as_dict(as_dict(content).get("message"))
        return "" if inner.get("type") == "edit" else readable(inner)
    return ""


def option_id(message: Mapping[str, Any]) -> str:
    """The id of the option tapped. Ours, yet untrusted: months-old menus can be tapped."""
    if message.get("type") == "button":
        return as_text(as_dict(message.get("button")).get("payload"), 256)
    if message.get("type") == "interactive":
        return as_text(_tapped(message).get("id"), 256)
    return ""


def media_of(message: Mapping[str, Any]) -> MediaInfo | None:
    """The file of the message; None if it has none, or Meta could not take it (131052)."""
    kind = as_text(message.get("type"))
    content = as_dict(message.get(kind)) if kind in MEDIA_KINDS else {}
    media_id = as_id(content.get("id"))
    if not media_id:
        return None
    return MediaInfo(
        id=media_id,
        mime_type=as_text(content.get("mime_type")),
        sha256=as_text(content.get("sha256")),
        filename=as_text(content.get("filename")),
        caption=as_text(content.get("caption")),
        voice=content.get("voice") is True,
        animated=content.get("animated") is True,
        url=as_text(content.get("url")),
    )


def target_of(message: Mapping[str, Any]) -> str:
    """The id of the message that a reaction, an edit or a revoke is about."""
    kind = as_text(message.get("type"))
    content = as_dict(message.get(kind))
    if kind == "reaction":
        return as_id(content.get("message_id"))
    return as_id(content.get("original_message_id")) if kind in ("edit", "revoke") else ""


def new_address(message: Mapping[str, Any]) -> tuple[str, str]:
    """The wa_id and user id that replace the sender's; empty where nothing changes.

    From `system` messages (a changed number or user id, the older spelling too) and from the
    answer to a contact-info request, which gives the number of a sender known by user id only.
    """
    system = as_dict(message.get("system")) if message.get("type") == "system" else {}
    wa_id = as_id(system.get("wa_id") or system.get("new_wa_id"), 32)
    if message.get("origin") == "contact_request" and not message.get("from"):
        wa_id = next(filter(None, map(_card_wa_id, as_list(message.get("contacts")))), "")
    user_id = as_id(system.get("user_id"), 150)
    return (
        wa_id if wa_id != as_id(message.get("from"), 32) else "",
        user_id if user_id != as_id(message.get("from_user_id"), 150) else "",
    )


def errors_of(holder: Mapping[str, Any]) -> tuple[ErrorInfo, ...]:
    """The `errors` array of a message or status."""
    return tuple(
        ErrorInfo(as_code(error.get("code")), details_of(error))
        for error in as_list(holder.get("errors"))
        if isinstance(error, dict)
    )


def open_form(message: dict[str, Any]) -> dict[str, Any]:
    """The message with the answer of a form parsed beside its text, under `fields`.

    `response_json` is JSON inside JSON that the form's author shaped; broken, it stays as it is.
    """
    interactive = as_dict(message.get("interactive"))
    reply = interactive.get("nfm_reply")
    if not isinstance(reply, dict):
        return message
    try:
        fields = json.loads(as_text(reply.get("response_json")))
    except (ValueError, RecursionError):
        return message
    if not isinstance(fields, dict):
        return message
    opened = {**reply, "fields": clean_json(fields)}
    return {**message, "interactive": {**interactive, "nfm_reply": opened}}


def _tapped(message: Mapping[str, Any]) -> dict[str, Any]:
    interactive = as_dict(message.get("interactive"))
    kind = interactive.get("type")
    return as_dict(interactive.get(kind)) if kind in _TAPS else {}


def _card_name(card: object) -> str:
    name = as_dict(as_dict(card).get("name"))
    phones = as_list(as_dict(card).get("phones"))
    return as_text(name.get("formatted_name")) or next(
        filter(None, (as_text(as_dict(phone).get("phone")) for phone in phones)), ""
    )


def _card_wa_id(card: object) -> str:
    phones = as_list(as_dict(card).get("phones"))
    given = next(filter(None, (as_id(as_dict(phone).get("wa_id"), 32) for phone in phones)), "")
    in_vcard = re.search(r"waid=([0-9]{5,20})", as_text(as_dict(card).get("vcard")))
    return given or (in_vcard[1] if in_vcard else "")
