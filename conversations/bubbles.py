"""What a message looks like: Meta's JSON of any kind -> the parts of a bubble.

Pure. Nearly every field of Meta's may be missing or of another type: what cannot be read is left
out, and a kind nobody knows still gives a card.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.utils import formats
from django.utils.translation import gettext as _

from conversations.whatsapp.errors import explain

Payload = Mapping[str, Any]

_INVISIBLE = {
    ord(mark): None for mark in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}


@dataclass(frozen=True)
class Card:
    """A box inside a bubble. `url` is http(s) or empty; `fields` are (label, value)."""

    icon: str
    title: str
    detail: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    url: str = ""


@dataclass(frozen=True)
class Option:
    title: str
    description: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Parts:
    """`buttons` hang below the bubble; `sections` open from `menu`, the list's button."""

    text: str = ""
    header: str = ""
    footer: str = ""
    cards: tuple[Card, ...] = ()
    buttons: tuple[str, ...] = ()
    menu: str = ""
    sections: tuple[Section, ...] = ()
    forwarded: bool = False


def parts_of(kind: str, body: str, payload: object) -> Parts:
    """The parts of a message. `payload` as stored: Meta's object, or the words we send."""
    words = payload if isinstance(payload, Mapping) else {}
    if kind == "interactive":
        return _interactive(body, words)
    cards = _CARDS.get(kind, _unknown)(words, kind)
    return Parts(
        text="" if kind in _CARD_SAYS_IT_ALL else body,
        cards=(*_referral(words), *cards),
        forwarded=_is_forwarded(words),
    )


def text_of_edit(payload: object) -> str:
    """The new text of an `edit` message: its text or caption."""
    message = _dig(payload, "edit", "message")
    kind = _string(message, "type")
    return _string(message, "text", "body") or _string(message, kind, "caption")


# Reading what may not be there -----------------------------------------------------------------


def _dig(value: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _string(value: object, *keys: str) -> str:
    found = _dig(value, *keys)
    return str(found).strip() if isinstance(found, str | int | float) else ""


def _objects(value: object, *keys: str) -> list[Payload]:
    found = _dig(value, *keys)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _web_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def _plain(text: str) -> str:
    """A file's or a person's name without the marks that turn `fdp.exe` into `exe.pdf`."""
    return text.translate(_INVISIBLE)


# Cards, one function per kind -----------------------------------------------------------------


def _no_card(words: Payload, kind: str) -> tuple[Card, ...]:
    return ()


def _media(words: Payload, kind: str) -> tuple[Card, ...]:
    is_voice = kind == "audio" and _dig(words, "audio", "voice") is True
    title = {
        "image": _("Imagen"),
        "video": _("Video"),
        "audio": _("Nota de voz") if is_voice else _("Audio"),
        "document": _("Documento"),
        "sticker": _("Sticker"),
    }[kind]
    icon = "mic" if is_voice else kind
    detail = _plain(_string(words, kind, "filename")) or _error_of(words)
    return (Card(icon, title, detail),)


def _location(words: Payload, kind: str) -> tuple[Card, ...]:
    latitude, longitude = (_string(words, kind, key) for key in ("latitude", "longitude"))
    place = f"{latitude},{longitude}"
    url = f"https://www.google.com/maps?{urlencode({'q': place})}" if latitude else ""
    name = _string(words, kind, "name") or _("Ubicación")
    return (Card("location", _plain(name), _string(words, kind, "address") or place, url=url),)


def _contacts(words: Payload, kind: str) -> tuple[Card, ...]:
    people = _objects(words, "contacts")
    return tuple(_person(person) for person in people) or (Card("contact", _("Contacto")),)


def _person(person: Payload) -> Card:
    name = _string(person, "name", "formatted_name") or _("Contacto")
    phones = [_string(phone, "phone") for phone in _objects(person, "phones")]
    emails = [_string(email, "email") for email in _objects(person, "emails")]
    lines = [line for line in (*phones, *emails) if line]
    return Card("contact", _plain(name), _string(person, "org", "company"), _numbered(lines))


def _numbered(lines: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple(("", line) for line in lines)


def _order(words: Payload, kind: str) -> tuple[Card, ...]:
    items = _objects(words, "order", "product_items")
    fields = tuple(
        (f"{_string(item, 'quantity')} × {_string(item, 'product_retailer_id')}", _price(item))
        for item in items
    )
    return (Card("order", _("Pedido"), _string(words, "order", "text"), fields),)


def _price(item: Payload) -> str:
    try:
        amount = Decimal(_string(item, "item_price"))
    except InvalidOperation:
        return ""
    money = formats.number_format(amount, 2, force_grouping=True)
    return f"{money} {_string(item, 'currency')}".strip()


def _template(words: Payload, kind: str) -> tuple[Card, ...]:
    return (Card("template", _("Plantilla"), _string(words, "template", "name")),)


def _unsupported(words: Payload, kind: str) -> tuple[Card, ...]:
    return (Card("unknown", _("WhatsApp no entrega aquí este tipo de mensaje"), _error_of(words)),)


def _unknown(words: Payload, kind: str) -> tuple[Card, ...]:
    return (Card("unknown", _("Mensaje de un tipo no admitido"), kind),)


def _error_of(words: Payload) -> str:
    """Why WhatsApp did not hand the content over, in our words: Meta's are English."""
    for error in _objects(words, "errors"):
        code = error.get("code")
        return explain(code) if isinstance(code, int) else ""
    return ""


def _referral(words: Payload) -> tuple[Card, ...]:
    """The ad or post a contact came from (cloud-api: `referral`, on a message of any type)."""
    referral = words.get("referral")
    if not isinstance(referral, Mapping):
        return ()
    title = _string(referral, "headline") or _("Anuncio")
    detail = _string(referral, "body")
    origin = _("Publicación") if _string(referral, "source_type") == "post" else _("Anuncio")
    url = _web_address(_string(referral, "source_url"))
    return (Card("ad", title, detail, ((_("Llegó por"), origin),), url),)


def _is_forwarded(words: Payload) -> bool:
    marks = (_dig(words, "context", key) for key in ("forwarded", "frequently_forwarded"))
    return any(mark is True for mark in marks)


# Interactive ----------------------------------------------------------------------------------


def _interactive(body: str, words: Payload) -> Parts:
    sent = words.get("interactive")
    kind = _string(sent, "type")
    if kind == "nfm_reply":
        return Parts(cards=(*_referral(words), _flow_answer(_dig(sent, "nfm_reply"))))
    if kind == "call_permission_reply":
        accepted = _string(sent, kind, "response") == "accept"
        title = _("Aceptó recibir llamadas") if accepted else _("Rechazó recibir llamadas")
        return Parts(cards=(Card("phone", title),))
    if _dig(sent, "action") is None:
        return Parts(text=body, cards=_referral(words))
    return Parts(
        text=_string(sent, "body", "text") or body,
        header=_string(sent, "header", "text"),
        footer=_string(sent, "footer", "text"),
        cards=_header_media(sent),
        buttons=_buttons(sent),
        menu=_string(sent, "action", "button"),
        sections=tuple(_section(section) for section in _objects(sent, "action", "sections")),
    )


def _header_media(sent: object) -> tuple[Card, ...]:
    kind = _string(sent, "header", "type")
    header = _dig(sent, "header")
    if kind not in {"image", "video", "document"} or not isinstance(header, Mapping):
        return ()
    return _media(header, kind)


def _buttons(sent: object) -> tuple[str, ...]:
    """Reply buttons, or the one call to action of a flow or a link."""
    replies = [_string(button, "reply", "title") for button in _objects(sent, "action", "buttons")]
    parameters = _dig(sent, "action", "parameters")
    actions = [_string(parameters, key) for key in ("flow_cta", "display_text")]
    return tuple(title for title in (*replies, *actions) if title)


def _section(section: Payload) -> Section:
    rows = _objects(section, "rows")
    options = (Option(_string(row, "title"), _string(row, "description")) for row in rows)
    return Section(_string(section, "title"), tuple(options))


def _flow_answer(reply: object) -> Card:
    """The card of a form's answer. `response_json` is a JSON string that may be broken."""
    raw = _string(reply, "response_json")
    try:
        answers = json.loads(raw)
    except ValueError:
        answers = None
    if not isinstance(answers, Mapping):
        return Card("form", _("Formulario respondido"), raw)
    fields = tuple(
        (str(name).replace("_", " ").capitalize(), _readable(value))
        for name, value in answers.items()
        if name != "flow_token"
    )
    return Card("form", _("Formulario respondido"), fields=fields)


def _readable(value: object) -> str:
    if isinstance(value, bool):
        return _("Sí") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_readable(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_readable(item)}" for name, item in value.items())
    return "" if value is None else str(value)


_CARD_SAYS_IT_ALL = {"location", "contacts", "order", "sticker", "unsupported", "unknown"}
_CARDS: dict[str, Callable[[Payload, str], tuple[Card, ...]]] = {
    **dict.fromkeys(("text", "button", "system", "edit", "revoke", "request_welcome"), _no_card),
    **dict.fromkeys(("note", "event"), _no_card),
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), _media),
    **dict.fromkeys(("unsupported", "unknown"), _unsupported),
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "template": _template,
}
