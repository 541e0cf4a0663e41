"""The company's approved templates: listed from Meta, kept, and sent."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import line
from conversations.models import Conversation, Message, MessageTemplate
from conversations.services import queue_as_agent
from conversations.template_words import TemplateWords
from conversations.whatsapp.errors import GraphError
from conversations.whatsapp.reading import as_dict, as_list, as_text
from tenants.context import atomic
from tenants.models import User, WhatsAppNumber

APPROVED = "APPROVED"
FRESH = timedelta(minutes=10)
_TIMEOUT = (3.0, 6.0)  # seconds to connect and to read: an agent waits for the list


class CannotList(Exception):
    """Why Meta's list could not be had, in a sentence."""


def words_of(template: MessageTemplate) -> TemplateWords:
    return TemplateWords(
        template.name, template.language, template.category, as_list(template.components)
    )


def account_of(phone_number_id: str) -> str:
    """The WhatsApp account (WABA) of a number, empty where nobody wrote it down."""
    found = WhatsAppNumber.objects.filter(phone_number_id=phone_number_id).first()
    return found.waba_id if found else ""


def sendable(conversation: Conversation) -> list[MessageTemplate]:
    """The approved ones of the chat's number, by name."""
    account = account_of(conversation.phone_number_id)
    kept = MessageTemplate.objects.filter(waba_id=account, status=APPROVED)
    return list(kept.order_by("name", "language"))


def is_stale(waba_id: str) -> bool:
    newest = MessageTemplate.objects.filter(waba_id=waba_id).order_by("-synced_at").first()
    return newest is None or newest.synced_at < timezone.now() - FRESH


def sync(waba_id: str) -> int:
    """Keep what Meta lists now, and nothing else. Returns how many. Raises CannotList."""
    if not waba_id:
        raise CannotList(
            _(
                "Falta el id de la cuenta de WhatsApp (WABA) de este número: un superadministrador "
                "lo escribe en la página de la empresa."
            )
        )
    try:
        rows = line.client(_TIMEOUT).list_templates(waba_id)
    except GraphError as error:
        raise CannotList(
            _("Meta no dio la lista de plantillas. %(why)s") % {"why": error}
        ) from error
    now = timezone.now()
    kept = [row for row in (_row(waba_id, as_dict(one), now) for one in rows) if row]
    with atomic():
        MessageTemplate.objects.filter(waba_id=waba_id).delete()
        MessageTemplate.objects.bulk_create(kept, ignore_conflicts=True)
    return len(kept)


def _row(waba_id: str, one: dict[str, Any], now: Any) -> MessageTemplate | None:
    name, language = as_text(one.get("name"), 512), as_text(one.get("language"), 16)
    if not (name and language):
        return None
    return MessageTemplate(
        waba_id=waba_id,
        name=name,
        language=language,
        category=as_text(one.get("category"), 32),
        status=as_text(one.get("status"), 32),
        components=as_list(one.get("components")),
        synced_at=now,
    )


def send_template(
    conversation: Conversation,
    template: MessageTemplate,
    values: dict[str, str],
    *,
    agent: User,
    key: str,
) -> Message:
    """Queue it, filled, and take the chat over from the bot. `key`: as in reply_as_agent. Raises
    CannotFill."""
    words = words_of(template)
    filled = words.filled(values)
    return queue_as_agent(
        conversation,
        filled,
        body=words.shown({name: value.strip() for name, value in values.items()}),
        agent=agent,
        key=key,
    )
