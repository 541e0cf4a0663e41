"""A message of one chat, sent to others: text, files, places and people as they came."""

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from conversations import services
from conversations.models import Conversation, Message
from conversations.whatsapp import outbound
from tenants.models import User

MOST = 5  # chats at once, as WhatsApp's own limit
_FILES = ("image", "video", "audio", "document", "sticker")


class CannotForward(Exception):
    """Why this message cannot go anywhere else, in a sentence."""


def forward(
    message: Message, targets: Sequence[Conversation], *, agent: User, key: str
) -> tuple[int, list[tuple[str, str]]]:
    """How many it was queued for, and (name, reason) of the others. Raises CannotForward."""
    words = _words(message)
    sent, refusals = 0, []
    for target in targets:
        try:
            own_key = str(uuid.uuid5(uuid.UUID(key), str(target.pk)))
            services.send_as_agent(target, words, body=message.body, agent=agent, key=own_key)
            sent += 1
        except services.WindowClosed:
            refusals.append((str(target), _("su ventana de 24 horas está cerrada")))
    return sent, refusals


def _words(message: Message) -> outbound.Words:
    payload = message.payload if isinstance(message.payload, dict) else {}
    if message.kind in _FILES:
        return _file(message)
    if message.kind in ("location", "contacts") and payload.get(message.kind):
        return {"type": message.kind, message.kind: payload[message.kind]}
    if message.body.strip():
        return outbound.text(message.body[: outbound.TEXT_LIMIT])
    raise CannotForward(_("Este tipo de mensaje no se puede reenviar."))


def _file(message: Message) -> outbound.Words:
    if message.media_id is None or message.media is None:
        raise CannotForward(_("El archivo aún no se ha descargado: inténtalo cuando se vea."))
    kind = message.kind
    return outbound.media(
        kind,  # type: ignore[arg-type]
        file_id=message.media_id,
        caption=message.body,
        filename=message.media.original_name,
        voice=kind == "audio" and (message.payload.get("audio") or {}).get("voice") is True,
    )
