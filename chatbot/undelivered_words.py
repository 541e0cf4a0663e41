"""Events that no company got, in words: what they are, why they wait, what became of them."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chatbot.undelivered import UNKNOWN_NUMBER, Replayed
from tenants.models import UndeliveredEvent

REASONS = {
    UNKNOWN_NUMBER: gettext_lazy("Número sin empresa"),
    "json": gettext_lazy("No era JSON"),
}
_MESSAGES = {
    "text": gettext_lazy("Texto"),
    "image": gettext_lazy("Imagen"),
    "video": gettext_lazy("Video"),
    "audio": gettext_lazy("Audio"),
    "document": gettext_lazy("Documento"),
    "sticker": gettext_lazy("Sticker"),
    "location": gettext_lazy("Ubicación"),
    "contacts": gettext_lazy("Contacto"),
    "interactive": gettext_lazy("Respuesta a botones o lista"),
    "button": gettext_lazy("Respuesta a una plantilla"),
    "reaction": gettext_lazy("Reacción"),
}


def why(event: UndeliveredEvent) -> str:
    if event.reason == UNKNOWN_NUMBER and not event.phone_number_id:
        return _("Cuenta sin empresa, o de varias")
    return str(REASONS.get(event.reason, event.reason))


def what(event: Any) -> str:
    """Kind and person, never the words. `event` is a row as undelivered_admin reads it."""
    if event.type == "InboundMessage":
        kind = _MESSAGES.get(event.kind, event.kind)
        return _("%(kind)s de %(person)s") % {
            "kind": kind,
            "person": mask(event.phone or event.user_id),
        }
    if event.type == "InboundStatus":
        shown = {"status": event.status, "person": mask(event.recipient)}
        return _("Recibo «%(status)s» para %(person)s") % shown
    if event.type == "AccountNotice":
        return _("Aviso de la cuenta: %(field)s") % {"field": event.field}
    return _("Algo que no se entiende")


def mask(person: str | None) -> str:
    """The last four characters of a number or user id."""
    return f"•••{person[-4:]}" if person else _("alguien sin número")


def told(done: Replayed) -> str:
    """What became of events that were handed over again."""
    parts = [
        ngettext("%(n)d entregado", "%(n)d entregados", done.delivered) % {"n": done.delivered},
        *_left_behind(done),
    ]
    return ", ".join(parts) + "."


def _left_behind(done: Replayed) -> Iterator[str]:
    if done.unclaimed:
        yield _("%(n)d sin empresa todavía") % {"n": done.unclaimed}
    if done.unreadable:
        text = ngettext("%(n)d que no se entiende", "%(n)d que no se entienden", done.unreadable)
        yield text % {"n": done.unreadable}
    if done.left:
        text = ngettext("queda %(n)d: repítelo", "quedan %(n)d: repítelo", done.left)
        yield text % {"n": done.left}


def failures(done: Replayed) -> Iterator[str]:
    """One sentence for each company whose database did not take its events."""
    for key, count in sorted(done.failed.items()):
        text = ngettext(
            "La base de la empresa '%(key)s' no respondió: %(n)d evento sigue aquí.",
            "La base de la empresa '%(key)s' no respondió: %(n)d eventos siguen aquí.",
            count,
        )
        yield text % {"key": key, "n": count}
