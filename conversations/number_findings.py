"""What the check of a number found, in sentences: each trouble with its way out."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations.whatsapp.client import Subscription
from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError, NotSent
from conversations.whatsapp.reading import as_dict, as_text

_NO_SUCH_THING: Final = 100  # not there, not yours, or of another kind: the cure is the same
_TOKEN_REFUSED: Final = frozenset({None, 0, 102, 104, 190})  # None: not even fit to be sent
_BUSY: Final = frozenset({Action.RETRY, Action.BACKOFF})
_QUALITIES: Final = {
    "GREEN": gettext_noop("calidad alta"),
    "YELLOW": gettext_noop("calidad media"),
    "RED": gettext_noop("calidad baja"),
}
_LEVELS: Final = {
    "STANDARD": gettext_noop("rendimiento normal"),
    "HIGH": gettext_noop("rendimiento alto"),
}
_STANDINGS: Final = {
    "PENDING": gettext_noop("Aún no está registrado: regístralo en Meta con su PIN."),
    "OFFLINE": gettext_noop("Está desconectado: regístralo de nuevo en Meta."),
    "FLAGGED": gettext_noop("Meta lo señaló por baja calidad: detén las campañas."),
    "RESTRICTED": gettext_noop("Meta limitó sus envíos: revisa la cuenta en Meta."),
    "BANNED": gettext_noop("Meta lo bloqueó: pide la revisión en el administrador de Meta."),
    "MIGRATED": gettext_noop("Pasó a otra cuenta de Meta: corrige la cuenta y la clave."),
}


class Level(StrEnum):
    GOOD = "good"
    DOUBT = "doubt"  # may work, and wants a look
    BAD = "bad"


class Finding(NamedTuple):
    """One line of the answer."""

    level: Level
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def good_token() -> Finding:
    return Finding(Level.GOOD, _("Clave de acceso"), _("Meta la acepta."))


def bad_token(text: str) -> Finding:
    return Finding(Level.BAD, _("Clave de acceso"), text)


def not_asked() -> Finding:
    text = _("sin comprobar; se pregunta cuando lo anterior funcione.")
    return Finding(Level.DOUBT, _("Lo demás"), text)


def hopeless(error: GraphError) -> Finding | None:
    """What will make every other question fail too; None when the next may be answered."""
    subject = _("Conexión con Meta")
    if isinstance(error, NotSent):
        text = _("no se pudo llegar. Revisa la salida a Internet del servidor y GRAPH_API_URL.")
        return Finding(Level.BAD, subject, text)
    if isinstance(error, AnswerUnknown):
        text = _("no hubo respuesta clara a tiempo. Espera un minuto y prueba otra vez.")
        return Finding(Level.BAD, subject, text)
    if error.action in _BUSY:
        text = _("Meta está ocupada (código %(code)s). Espera unos minutos y prueba otra vez.")
        return Finding(Level.BAD, subject, text % {"code": error.code})
    if error.action == Action.TOKEN and error.code in _TOKEN_REFUSED:
        return bad_token(error.text)
    return None


def number_refused(error: GraphError, number_id: str) -> Finding:
    text = _(
        "Meta no tiene el número %(id)s para esta clave. Corrige el id en la empresa, o guarda una"
        " clave con permiso sobre ese número."
    )
    return _refused(error, _("Número"), text % {"id": number_id})


def account_refused(error: GraphError, waba_id: str) -> Finding:
    if error.action == Action.TOKEN:
        text = _("falta el permiso whatsapp_business_management. Concédelo y guarda otra clave.")
        return Finding(Level.BAD, account(), text)
    text = _(
        "Meta no tiene la cuenta %(id)s para esta clave. Corrige el id de la cuenta (WABA) en la"
        " empresa."
    )
    return _refused(error, account(), text % {"id": waba_id})


def _refused(error: GraphError, subject: str, unknown: str) -> Finding:
    is_unknown = error.code == _NO_SUCH_THING or error.http_status is None
    return Finding(Level.BAD, subject, unknown if is_unknown else error.text)


def number_found(facts: Mapping[str, Any]) -> Finding:
    """From the fields that Meta gives of a number; words it has yet to invent are shown as such."""
    status, quality = as_text(facts.get("status"), 40), as_text(facts.get("quality_rating"), 40)
    throughput = as_text(as_dict(facts.get("throughput")).get("level"), 40)
    name = as_text(facts.get("verified_name"), 100)
    parts = [
        as_text(facts.get("display_phone_number"), 32),
        f"«{name}»" if name else "",
        _(_QUALITIES[quality]) if quality in _QUALITIES else "",
        _(_LEVELS[throughput]) if throughput in _LEVELS else "",
    ]
    shown = ", ".join(part for part in parts if part) + "."
    if status not in ("", "CONNECTED"):
        words = _("Meta dice que está en estado %(status)s.") % {"status": status}
        sentence = _(_STANDINGS[status]) if status in _STANDINGS else words
        return Finding(Level.BAD, _("Número"), f"{shown} {sentence}")
    return Finding(Level.DOUBT if quality == "RED" else Level.GOOD, _("Número"), shown)


def account() -> str:
    return _("Cuenta (WABA)")


def account_unknown() -> Finding:
    text = _(
        "falta su id. Cópialo de Meta en la página de la empresa; si no, se aprende con el primer"
        " mensaje que llegue."
    )
    return Finding(Level.DOUBT, account(), text)


def account_found(waba_id: str, *, has_number: bool) -> Finding:
    if has_number:
        return Finding(Level.GOOD, account(), _("el número es de esta cuenta."))
    text = _("la cuenta %(id)s no tiene este número. Corrige el id de la cuenta en la empresa.")
    return Finding(Level.BAD, account(), text % {"id": waba_id})


def subscriptions_found(subscriptions: Sequence[Subscription]) -> Finding:
    """Meta does not say which of the apps is ours: their names are for the reader."""
    subject = _("Suscripción")
    if not subscriptions:
        text = _("ninguna aplicación recibe los mensajes. Pulsa «Suscribir la aplicación».")
        return Finding(Level.BAD, subject, text)
    elsewhere = [s.override_url for s in subscriptions if s.override_url and not _is_ours(s)]
    if elsewhere:
        text = _(
            "Meta envía los mensajes a %(url)s. Si no es este servidor, pulsa «Suscribir la"
            " aplicación»."
        )
        return Finding(Level.DOUBT, subject, text % {"url": elsewhere[0]})
    apps = ", ".join(f"«{s.app}»" for s in subscriptions)
    return Finding(Level.GOOD, subject, _("los mensajes llegan a %(apps)s.") % {"apps": apps})


def _is_ours(subscription: Subscription) -> bool:
    base = settings.PUBLIC_BASE_URL
    return bool(base) and subscription.override_url.startswith(f"{base}/webhook")


def no_app_secret() -> Finding:
    text = _(
        "falta el secreto de la aplicación: sin él se rechaza todo lo que envía Meta. Guárdalo en"
        " la empresa."
    )
    return Finding(Level.BAD, _("Firma"), text)
