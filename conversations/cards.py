"""The boxes inside a bubble, one function per kind of message. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.utils import formats
from django.utils.translation import gettext as _

from conversations.parts import Card, Payload, dig, objects, plain, string, web_address
from conversations.whatsapp.errors import explain


def _no_card(words: Payload, kind: str) -> tuple[Card, ...]:
    return ()


def media_card(words: Payload, kind: str) -> tuple[Card, ...]:
    is_voice = kind == "audio" and dig(words, "audio", "voice") is True
    title = {
        "image": _("Imagen"),
        "video": _("Video"),
        "audio": _("Nota de voz") if is_voice else _("Audio"),
        "document": _("Documento"),
        "sticker": _("Sticker"),
    }[kind]
    icon = "mic" if is_voice else kind
    detail = plain(string(words, kind, "filename")) or _error_of(words)
    return (Card(icon, title, detail, is_file=True),)


def _location(words: Payload, kind: str) -> tuple[Card, ...]:
    latitude, longitude = (string(words, kind, key) for key in ("latitude", "longitude"))
    place = f"{latitude},{longitude}"
    url = f"https://www.google.com/maps?{urlencode({'q': place})}" if latitude else ""
    name = string(words, kind, "name") or _("Ubicación")
    return (Card("location", plain(name), string(words, kind, "address") or place, url=url),)


def _contacts(words: Payload, kind: str) -> tuple[Card, ...]:
    people = objects(words, "contacts")
    return tuple(_person(person) for person in people) or (Card("contact", _("Contacto")),)


def _person(person: Payload) -> Card:
    name = string(person, "name", "formatted_name") or _("Contacto")
    phones = [string(phone, "phone") for phone in objects(person, "phones")]
    emails = [string(email, "email") for email in objects(person, "emails")]
    lines = [line for line in (*phones, *emails) if line]
    return Card("contact", plain(name), string(person, "org", "company"), _numbered(lines))


def _numbered(lines: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple(("", line) for line in lines)


def _order(words: Payload, kind: str) -> tuple[Card, ...]:
    items = objects(words, "order", "product_items")
    fields = tuple(
        (f"{string(item, 'quantity')} × {string(item, 'product_retailer_id')}", _price(item))
        for item in items
    )
    return (Card("order", _("Pedido"), string(words, "order", "text"), fields),)


def _price(item: Payload) -> str:
    try:
        amount = Decimal(string(item, "item_price"))
    except InvalidOperation:
        return ""
    money = formats.number_format(amount, 2, force_grouping=True)
    return f"{money} {string(item, 'currency')}".strip()


def _template(words: Payload, kind: str) -> tuple[Card, ...]:
    return (Card("template", _("Plantilla"), string(words, "template", "name")),)


def _unsupported(words: Payload, kind: str) -> tuple[Card, ...]:
    return (Card("unknown", _("WhatsApp no entrega aquí este tipo de mensaje"), _error_of(words)),)


def unknown_card(words: Payload, kind: str) -> tuple[Card, ...]:
    return (Card("unknown", _("Mensaje de un tipo no admitido"), kind),)


def _error_of(words: Payload) -> str:
    """Why WhatsApp did not hand the content over, in our words: Meta's are English."""
    for error in objects(words, "errors"):
        code = error.get("code")
        return explain(code) if isinstance(code, int) else ""
    return ""


def referral_card(words: Payload) -> tuple[Card, ...]:
    """The ad or post a contact came from (cloud-api: `referral`, on a message of any type)."""
    referral = words.get("referral")
    if not isinstance(referral, Mapping):
        return ()
    title = string(referral, "headline") or _("Anuncio")
    detail = string(referral, "body")
    origin = _("Publicación") if string(referral, "source_type") == "post" else _("Anuncio")
    url = web_address(string(referral, "source_url"))
    return (Card("ad", title, detail, ((_("Llegó por"), origin),), url),)


def is_forwarded(words: Payload) -> bool:
    marks = (dig(words, "context", key) for key in ("forwarded", "frequently_forwarded"))
    return any(mark is True for mark in marks)


CARDS: dict[str, Callable[[Payload, str], tuple[Card, ...]]] = {
    **dict.fromkeys(("text", "button", "system", "edit", "revoke", "request_welcome"), _no_card),
    **dict.fromkeys(("note", "event"), _no_card),
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), media_card),
    **dict.fromkeys(("unsupported", "unknown"), _unsupported),
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "template": _template,
}
