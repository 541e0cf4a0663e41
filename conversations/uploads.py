"""Files that people upload to send them: looked into, measured, made to fit, kept."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from conversations.models import Conversation
from conversations.whatsapp.files import FileRefused, check_size, kind_of_file, own_kind, too_big
from conversations.whatsapp.outbound import MEDIA_BYTES_LIMIT
from media_pipeline import audio, quota, services, thumbnails
from media_pipeline.measures import IMAGE_TYPES
from media_pipeline.models import MediaFile, StorageTrouble
from media_pipeline.names import plain_name
from media_pipeline.sniff import HEAD_BYTES, Sniffed, sniff
from tenants.models import User

__all__ = ["CanScale", "FileRefused", "keep_for_chat", "keep_upload", "uploaded_for_chat"]
_Upload = UploadedFile[Any]
_RECORDED_BYTES: Final = 64 * 1024 * 1024  # of a browser's recording, before it is converted


class CanScale(FileRefused):
    """WhatsApp would not take the image so, but a smaller copy of it."""


def keep_upload(upload: "_Upload", wanted: str = "") -> tuple[MediaFile, str]:
    """Store what was uploaded, and say as which kind it is sent: `wanted`, or what its bytes are.

    Raises FileRefused when WhatsApp would not take it so.
    """
    found = _look_into(upload)
    kind = kind_of_file(found.mime_type, wanted)
    check_size(own_kind(found.mime_type), upload.size or 0)
    return _store(upload, plain_name(upload.name or ""), kind), kind


def keep_for_chat(
    upload: "_Upload",
    conversation: Conversation,
    agent: User,
    *,
    wanted: str = "",
    voice: bool = False,
    scale: bool = False,
) -> tuple[MediaFile, str]:
    """The same for one agent to send in one chat, within a day. `voice`: a recording of the
    browser, kept as a voice note. `scale`: an image may be made smaller.

    Raises FileRefused, or CanScale where `scale` would do.
    """
    owner = _owner(conversation, agent)
    name = plain_name(upload.name or "")
    if voice:
        return _store_made(upload, "voz.ogg", "audio", owner, audio.to_voice_note), "audio"
    found = _look_into(upload)
    if found.mime_type in IMAGE_TYPES and not _fits(found, upload):
        if not scale:
            raise CanScale(_why_scaled(found, upload))
        name = f"{Path(name).stem or 'imagen'}.jpg"
        sent_as = "document" if wanted == "document" else "image"
        return _store_made(upload, name, "image", owner, _scale), sent_as
    kind = kind_of_file(found.mime_type, wanted)
    check_size(own_kind(found.mime_type), upload.size or 0)
    return _store(upload, name, kind, owner), kind


def uploaded_for_chat(conversation: Conversation, agent: User, file_id: int) -> MediaFile | None:
    """What the agent uploaded in this chat; nobody else's, and of no other chat."""
    owner = _owner(conversation, agent)
    return MediaFile.objects.filter(pk=file_id, uploaded_for=owner).first()


def _owner(conversation: Conversation, agent: User) -> str:
    return f"chat {conversation.pk} user {agent.pk}"


def _look_into(upload: "_Upload") -> Sniffed:
    if not upload.size:
        raise FileRefused(_("El archivo está vacío: súbelo otra vez."))
    upload.seek(0)
    found = sniff(upload.read(HEAD_BYTES), upload.name or "")
    upload.seek(0)
    if found is None:
        raise FileRefused(
            _("No se reconoce el archivo. Sube una imagen, un video, un audio o un PDF.")
        )
    return found


def _fits(found: Sniffed, upload: "_Upload") -> bool:
    is_taken = found.mime_type in ("image/jpeg", "image/png")
    return is_taken and (upload.size or 0) <= MEDIA_BYTES_LIMIT["image"]


def _why_scaled(found: Sniffed, upload: "_Upload") -> str:
    if found.mime_type in ("image/jpeg", "image/png"):
        return str(too_big("image", upload.size or 0))
    return _("WhatsApp no acepta imágenes %(type)s: se puede enviar una copia en JPG.") % {
        "type": found.extension.upper()
    }


def _scale(source: Path, target: Path) -> None:
    target.write_bytes(thumbnails.scale_to(source, MEDIA_BYTES_LIMIT["image"]))


def _store_made(
    upload: "_Upload", name: str, kind: str, owner: str, make: Callable[[Path, Path], None]
) -> MediaFile:
    """What `make(source, target)` makes of the upload, in a folder of its own."""
    if not upload.size:
        raise FileRefused(_("El archivo está vacío: súbelo otra vez."))
    if upload.size > _RECORDED_BYTES:
        raise too_big(kind, upload.size)
    with tempfile.TemporaryDirectory(prefix="whapco-") as folder:
        source, target = Path(folder, "source"), Path(folder, "made")
        with source.open("wb") as file:
            file.writelines(upload.chunks())
        try:
            make(source, target)
        except services.Unreadable:
            raise FileRefused(_unreadable(kind)) from None
        except services.FfmpegMissing:
            raise FileRefused(
                _("Este servidor no puede convertir audio: falta ffmpeg. Avisa a soporte.")
            ) from None
        with target.open("rb") as content:
            return _store(content, name, kind, owner)


def _unreadable(kind: str) -> str:
    if kind == "audio":
        return _("No se pudo leer la grabación: está vacía o dañada. Grábala otra vez.")
    return _("No se pudo leer la imagen: está dañada o es enorme. Prueba con otra.")


def _store(source: Any, name: str, kind: str, owner: str = "") -> MediaFile:
    """Raises FileRefused."""
    try:
        return services.store(source, name=name, limit=MEDIA_BYTES_LIMIT[kind], uploaded_for=owner)
    except services.FileTooBig as error:
        raise too_big(kind, error.limit + 1) from None
    except services.DiskFull:
        quota.note_trouble(StorageTrouble.Kind.DISK)
        raise FileRefused(_("El disco del servidor está lleno. Avisa a soporte.")) from None
    except services.OverQuota:
        quota.note_trouble(StorageTrouble.Kind.QUOTA)
        raise FileRefused(
            _("La empresa llegó a su límite de espacio para archivos. Avisa a un administrador.")
        ) from None
