"""What Meta said of an account or a number by itself, in words, and for how long it is kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations.models import AccountEvent
from conversations.whatsapp.errors import as_code, explain
from conversations.whatsapp.reading import as_dict, as_list, as_text

SHOWN: Final = 20
TEMPLATE_REFUSED: Final = "template_refused"  # ours: Meta refused a message for its template
_SUBJECTS: Final = {
    "account_update": gettext_noop("Cuenta"),
    "account_alerts": gettext_noop("Aviso de Meta"),
    "account_review_update": gettext_noop("Revisión de la cuenta"),
    "business_capability_update": gettext_noop("Límites de la cuenta"),
    "phone_number_quality_update": gettext_noop("Calidad y límite del número"),
    "phone_number_name_update": gettext_noop("Nombre visible"),
    "security": gettext_noop("Seguridad del número"),
    "business_username_update": gettext_noop("Nombre de usuario"),
    "message_template_status_update": gettext_noop("Plantilla"),
    "message_template_quality_update": gettext_noop("Calidad de una plantilla"),
    "template_category_update": gettext_noop("Categoría de una plantilla"),
    "errors": gettext_noop("Error"),
    TEMPLATE_REFUSED: gettext_noop("Plantilla rechazada al enviar"),
}
_WORDS: Final = {
    "ACCOUNT_DELETED": gettext_noop("Meta eliminó la cuenta"),
    "ACCOUNT_RESTRICTION": gettext_noop("Meta limitó la cuenta"),
    "ACCOUNT_VIOLATION": gettext_noop("infringió una norma de Meta"),
    "ACCOUNT_OFFBOARDED": gettext_noop("la cuenta se desconectó"),
    "ACCOUNT_RECONNECTED": gettext_noop("la cuenta volvió a conectarse"),
    "DISABLED_UPDATE": gettext_noop("cambió el bloqueo de la cuenta"),
    "DISABLE": gettext_noop("bloqueada"),
    "REINSTATE": gettext_noop("rehabilitada"),
    "SCHEDULE_FOR_DISABLE": gettext_noop("será bloqueada"),
    "RESTRICTED_BIZ_INITIATED_MESSAGING": gettext_noop("no puede iniciar conversaciones"),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": gettext_noop("no puede responder a clientes"),
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": gettext_noop("no puede añadir números"),
    "ONBOARDING": gettext_noop("número dado de alta"),
    "THROUGHPUT_UPGRADE": gettext_noop("subió el rendimiento de envío"),
    "UPGRADE": gettext_noop("subió el límite de mensajes"),
    "DOWNGRADE": gettext_noop("bajó el límite de mensajes"),
    "FLAGGED": gettext_noop("señalado por baja calidad"),
    "UNFLAGGED": gettext_noop("dejó de estar señalado"),
    "PIN_CHANGED": gettext_noop("cambió el PIN"),
    "PIN_RESET_REQUEST": gettext_noop("se pidió cambiar el PIN"),
    "PIN_REQUEST_SUCCESS": gettext_noop("se aceptó el cambio de PIN"),
    "APPROVED": gettext_noop("aprobada"),
    "REJECTED": gettext_noop("rechazada"),
    "PENDING": gettext_noop("en revisión"),
    "DEFERRED": gettext_noop("aplazada"),
    "PAUSED": gettext_noop("en pausa por su calidad"),
    "DISABLED": gettext_noop("desactivada"),
    "DELETED": gettext_noop("eliminada"),
    "GREEN": gettext_noop("calidad alta"),
    "YELLOW": gettext_noop("calidad media"),
    "RED": gettext_noop("calidad baja"),
}
# Where Meta says what happened, and of what; the first word found of each row is shown.
_TELLING: Final = (
    ("event", "decision", "new_quality_score", "correct_category", "new_category", "status"),
    ("message_template_name", "requested_verified_name", "username"),
    ("current_limit", "max_daily_conversations_per_business"),
    ("rejection_reason", "reason"),
)


class Told(NamedTuple):
    """One line of the number's page."""

    at: datetime
    subject: str
    text: str


def of_number(phone_number_id: str, waba_id: str, shown_number: str) -> list[Told]:
    """The newest of the number and of its account, newest first. Meta names a number by its id, by
    how people dial it, or not at all."""
    of_account = Q(phone_number_id="", waba_id=waba_id) if waba_id else Q(pk=None)
    mine = Q(phone_number_id=phone_number_id) | of_account
    rows = AccountEvent.objects.filter(mine, field__in=_SUBJECTS).order_by("-received_at", "-pk")
    dialled = _digits(shown_number)
    found = []
    for row in rows[: SHOWN * 5]:
        value = as_dict(row.payload.get("value"))
        other = _digits(as_text(value.get("display_phone_number"), 40))
        if not (other and dialled and other != dialled):  # another number of the same account
            found.append(Told(row.received_at, _(_SUBJECTS[row.field]), _text(row.field, value)))
    return found[:SHOWN]


def note_template(phone_number_id: str, words: object, code: int | None) -> None:
    """Keep that Meta refused these words for their template: somebody has to mend it in Meta. A
    campaign of thousands says it once an hour."""
    name = as_text(as_dict(as_dict(words).get("template")).get("name"), 512)
    known = AccountEvent.objects.filter(
        field=TEMPLATE_REFUSED,
        phone_number_id=phone_number_id,
        payload__value__message_template_name=name,
        received_at__gt=timezone.now() - timedelta(hours=1),
    )
    if not known.exists():
        AccountEvent.objects.create(
            field=TEMPLATE_REFUSED,
            phone_number_id=phone_number_id,
            payload={"value": {"message_template_name": name, "code": code}},
        )


def forget_old() -> int:
    """Job: drop what is older than ACCOUNT_EVENTS_KEEP_DAYS; 0 keeps all. Returns how many."""
    days = settings.ACCOUNT_EVENTS_KEEP_DAYS
    if not days:
        return 0
    limit = timezone.now() - timedelta(days=days)
    return AccountEvent.objects.filter(received_at__lt=limit).delete()[0]


def _text(field: str, value: Mapping[str, Any]) -> str:
    """What Meta's keys say; words it has yet to invent are shown as they are."""
    code = as_code(value.get("code"))
    parts = [_first(value, names) for names in _TELLING]
    parts += [_word(text) for text in _details(value)]
    if code is not None:
        parts.append(explain(code))
    return ", ".join(part for part in parts if part) or _("sin detalles")


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    texts = (as_text(value.get(name), 120) or _number(value.get(name)) for name in names)
    return next((_word(text) for text in texts if text and text != "NONE"), "")


def _details(value: Mapping[str, Any]) -> list[str]:
    ban = as_text(as_dict(value.get("ban_info")).get("waba_ban_state"), 60)
    alert = as_text(as_dict(value.get("alert_info")).get("alert_description"), 300)
    violation = as_text(as_dict(value.get("violation_info")).get("violation_type"), 80)
    limits = as_list(value.get("restriction_info"))
    return [
        ban,
        alert,
        violation,
        *(as_text(as_dict(x).get("restriction_type"), 80) for x in limits),
    ]


def _word(text: str) -> str:
    return _(_WORDS[text]) if text in _WORDS else text


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
