"""What the inbox's templates need to speak: times, initials, icons, ticks, reasons."""

import datetime as dt
import json
from dataclasses import dataclass
from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import search_words
from conversations.markup import whatsapp_html
from conversations.models import Message
from conversations.whatsapp.outbound import MEDIA_BYTES_LIMIT

register = template.Library()
register.filter("whatsapp", whatsapp_html)

ATTENTION = {
    "sin_regla": gettext_lazy("El bot no supo qué responder"),
    "cadena_larga": gettext_lazy("El flujo del bot es demasiado largo"),
    "calculo_invalido": gettext_lazy("El cálculo de una regla no se pudo hacer"),
    "voz_sin_transcribir": gettext_lazy("Una nota de voz no se pudo transcribir"),
    "envio_fallido": gettext_lazy("Un mensaje no se pudo enviar"),
    "error_del_bot": gettext_lazy("El bot falló con un mensaje"),
    "paso_retirado": gettext_lazy("Estaba en un paso que ya no existe"),
    "programado_sin_enviar": gettext_lazy("Un mensaje programado no se envió"),
    "sin_pago": gettext_lazy("Escribió con la suscripción terminada: no se le contestó"),
}
HUES = 8
_DRAWN = ("image", "video", "document", "sticker", "location", "order", "template")


@dataclass(frozen=True)
class Tick:
    icon: str
    label: str


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing of static/img/icons.svg. With a label it is read aloud, else it is decoration."""
    return _icon(name, str(label), static("img/icons.svg"))


@lru_cache(maxsize=1024)  # a page of rows has hundreds, nearly all alike
def _icon(name: str, label: str, drawings: str) -> SafeString:
    spoken = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="icon icon--{}" {}><use href="{}#{}"/></svg>',
        name,
        SafeString(spoken),
        drawings,
        name,
    )


@register.filter
def initials(name: object) -> str:
    """Up to two first letters; empty for a number, which has none."""
    words = [word for word in str(name).split() if word[0].isalpha()]
    chosen = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0].upper() for word in chosen)


@register.filter
def hue(number: int) -> int:
    """Which of the avatars' colours: the same for a contact everywhere."""
    return number % HUES


@register.filter
def chat_time(moment: dt.datetime) -> str:
    """HH:MM today, "ayer", else the date."""
    local = timezone.localtime(moment)
    days = (timezone.localdate() - local.date()).days
    if days <= 0:
        return f"{local:%H:%M}"
    if days == 1:
        return _("ayer")
    return f"{local:%d/%m/%y}"


@register.filter
def day_name(day: dt.date) -> str:
    """Hoy, Ayer, "12 de mayo", "12 de mayo de 2025"."""
    today = timezone.localdate()
    if day == today:
        return _("Hoy")
    if day == today - dt.timedelta(days=1):
        return _("Ayer")
    wanted = "MONTH_DAY_FORMAT" if day.year == today.year else "DATE_FORMAT"
    return formats.date_format(day, wanted)


@register.filter
def tick(message: Message) -> Tick | None:
    """How far a message of ours has come; None for theirs."""
    status = Message.Status
    return {
        status.QUEUED.value: Tick("clock", _("En cola")),
        status.SENDING.value: Tick("clock", _("Enviando")),
        status.ACCEPTED.value: Tick("check", _("Enviado")),
        status.SENT.value: Tick("check", _("Enviado")),
        status.DELIVERED.value: Tick("checks", _("Entregado")),
        status.READ.value: Tick("checks-read", _("Leído")),
        status.PLAYED.value: Tick("checks-read", _("Escuchado")),
        status.FAILED.value: Tick("failed", _("No enviado")),
    }.get(message.status)


@register.simple_tag
def media_limits() -> str:
    """Meta's limits by kind, in bytes, as JSON: what is refused before it is uploaded."""
    return json.dumps(MEDIA_BYTES_LIMIT)


@register.filter
def template_category(category: str) -> str:
    """Meta's category, in words."""
    words = {"UTILITY": _("Utilidad"), "MARKETING": _("Promoción")}
    return words.get(category, category.capitalize())


@register.filter
def attention_text(reason: str) -> str:
    """Why a chat needs a person, in words."""
    return str(ATTENTION.get(reason) or reason.replace("_", " ").capitalize())


@register.filter
def time_left(moment: dt.datetime | None) -> str:
    """What is left of the 24-hour window: "5 h", "40 min"; empty when it has closed."""
    if moment is None:
        return ""
    minutes = int((moment - timezone.now()).total_seconds() // 60)
    if minutes < 0:
        return ""
    return _("%(n)d h") % {"n": minutes // 60} if minutes >= 60 else _("%(n)d min") % {"n": minutes}


@register.filter
def author_icon(author: str) -> str:
    """The drawing that tells who wrote: never by colour alone."""
    return {"bot": "bot", "agent": "person", "phone_app": "phone", "contact": "contact"}.get(
        author, "gear"
    )


@register.filter
def marked(text: object, typed: str) -> SafeString:
    """`text` with what was searched marked, wherever a word begins with it."""
    pieces = search_words.marked(str(text), search_words.search_of(typed))
    drawn = ((format_html("<mark>{}</mark>" if p.is_hit else "{}", p.text),) for p in pieces)
    return format_html_join("", "{}", drawn)


@register.filter
def kind_icon(message: Message) -> str:
    """The drawing before a row's line; empty for words."""
    if message.kind == "audio":
        return "mic"
    return {"contacts": "contact", "note": "lock"}.get(
        message.kind, message.kind if message.kind in _DRAWN else ""
    )


@register.filter
def preview(message: Message) -> str:
    """The last message in a row's line: its words, or what it is."""
    kinds = {
        "image": _("Foto"),
        "video": _("Video"),
        "audio": _("Nota de voz"),
        "document": _("Documento"),
        "sticker": _("Sticker"),
        "location": _("Ubicación"),
        "contacts": _("Contacto"),
        "order": _("Pedido"),
        "interactive": _("Formulario respondido"),
        "text": "",
        "revoke": _("Se eliminó un mensaje"),
        "edit": _("Se editó un mensaje"),
        "request_welcome": _("Abrió el chat por primera vez"),
    }
    return message.body or kinds.get(message.kind, _("Mensaje de un tipo no admitido"))
