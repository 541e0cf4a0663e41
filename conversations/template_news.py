"""What Meta's webhooks say of templates, written on the kept ones."""

from collections.abc import Mapping
from typing import Any

from conversations.models import MessageTemplate
from conversations.whatsapp.reading import as_text

_BACK = {"REINSTATED", "UNLOCKED"}


def note_status(value: Mapping[str, Any]) -> None:
    """Field `message_template_status_update`: approved, paused, rejected … Its language may come as
    `es-CO` (cloud-api 1.8)."""
    event = as_text(value.get("event"), 32)
    name = as_text(value.get("message_template_name"), 512)
    language = as_text(value.get("message_template_language"), 16).replace("-", "_")
    if event and name:
        rows = MessageTemplate.objects.filter(name=name, language=language)
        rows.update(status="APPROVED" if event in _BACK else event)
