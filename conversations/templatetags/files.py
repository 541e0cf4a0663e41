"""What templates say of files: sizes, lengths, the room an image takes."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from conversations.models import Message
from media_pipeline import quota
from media_pipeline.measures import IMAGE_TYPES
from media_pipeline.models import MediaFile
from media_pipeline.responses import VERSION_LENGTH
from tenants.models import User

register = template.Library()
SHOWN_SIDE = 330  # pixels, of an image in a bubble
_KB, _MB = 1024, 1024 * 1024


@register.filter
def file_size(size: int) -> str:
    """`340 KB`, `1,2 MB`."""
    if size < _MB:
        return f"{max(1, round(size / _KB))} KB"
    return f"{size / _MB:.1f} MB".replace(".", ",")


@register.filter
def clock(seconds: float | None) -> str:
    """`0:07`, `1:02:33`; empty where nobody knows."""
    if seconds is None:
        return ""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def file_type(file: MediaFile) -> str:
    """`PDF`, by our own extension."""
    return str(file.path).rpartition(".")[2].upper()[:5]


@register.simple_tag
def file_url(message: Message, what: str = "") -> str:
    """Of its message's file; `what`: miniatura, mp3, descargar."""
    address = reverse("chat_file", args=[message.conversation_id, message.pk])
    digest = str(message.media.sha256) if message.media else ""
    return f"{address}?{what}{'&' if what else ''}v={digest[:VERSION_LENGTH]}"


@register.simple_tag
def shown_as(message: Message, file: MediaFile) -> str:
    """image, sticker, video, audio or document: what was sent, where its bytes are such."""
    mime_type = str(file.mime_type)
    if message.kind in ("image", "sticker") and mime_type in IMAGE_TYPES:
        return str(message.kind)
    if message.kind == "video" and mime_type in ("video/mp4", "video/3gpp"):
        return "video"
    return "audio" if message.kind == "audio" and mime_type.startswith("audio/") else "document"


@register.simple_tag
def room_for(file: MediaFile) -> dict[str, Any]:
    """The pixels an image or a video takes in a bubble; empty where nobody knows."""
    if not file.width or not file.height:
        return {}
    shrink = min(1.0, SHOWN_SIDE / file.width, SHOWN_SIDE / file.height)
    width, height = (max(1, round(side * shrink)) for side in (file.width, file.height))
    return {"width": width, "height": height}


@register.simple_tag
def is_voice(message: Message) -> bool:
    """Recorded in the chat, not a piece of music."""
    words = message.payload.get("audio") if isinstance(message.payload, dict) else None
    return isinstance(words, dict) and words.get("voice") is True


@register.filter
def file_state(file: MediaFile) -> str:
    """What becomes of a file that is not here."""
    if file.state == MediaFile.State.FETCHING:
        return _("Descargando…")
    trouble = _("No se pudo descargar: %(why)s") % {"why": file.trouble}
    if file.state == MediaFile.State.WAITING:
        again = _("Se intenta otra vez sin que hagas nada.")
        return f"{trouble} {again}"
    return trouble


@register.simple_tag
def no_room(user: User) -> list[str]:
    """Why files cannot be kept right now: for the admins of the company."""
    return quota.troubles() if user.sees_all_chats else []
