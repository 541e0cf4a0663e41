"""An agent's files, sent."""

from django.utils.translation import gettext as _

from conversations.models import Conversation, Message
from conversations.services import send_as_agent
from conversations.whatsapp import outbound
from conversations.whatsapp.files import FileRefused, check_size, kind_of_file, own_kind
from media_pipeline.models import MediaFile
from media_pipeline.services import has_content, keep
from tenants.context import atomic
from tenants.models import User


def send_media_as_agent(
    conversation: Conversation,
    media_file: MediaFile,
    *,
    agent: User,
    caption: str = "",
    quote: Message | None = None,
    key: str = "",
    voice: bool = False,
    kind: str = "",
) -> Message:
    """Queue a stored file and take the chat over from the bot. As `kind`, or as what its bytes are;
    `voice`: an Ogg/Opus that plays as a voice note. Sounds carry no caption. The same `key` twice
    is one message. Raises WindowClosed, and FileRefused where WhatsApp would not take it."""
    if not media_file.is_ready or not has_content(media_file):
        raise FileRefused(_("El archivo ya no está en el servidor. Súbelo de nuevo."))
    words = _words(media_file, kind, caption, voice=voice)
    body = caption if words["type"] in outbound.KINDS_WITH_CAPTION else ""
    with atomic():
        message = send_as_agent(conversation, words, body=body, agent=agent, quote=quote, key=key)
        if message.media_id is None:
            message.media = media_file
            message.save(update_fields=["media"])
        keep(media_file)
    return message


def _words(media_file: MediaFile, kind: str, caption: str, *, voice: bool) -> outbound.Words:
    """Raises FileRefused."""
    mime_type = str(media_file.mime_type)
    sent_as = kind_of_file(mime_type, kind)
    check_size(own_kind(mime_type), media_file.size)
    return outbound.media(
        sent_as,  # type: ignore[arg-type]  # one of the kinds by what it returns
        file_id=media_file.pk,
        caption=caption,
        filename=str(media_file.original_name),
        voice=voice and mime_type == "audio/ogg",
    )
