"""Files that people upload to send them later: looked into, measured, kept."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from conversations.whatsapp.files import FileRefused, check_size, kind_of_file
from media_pipeline import services
from media_pipeline.models import MediaFile
from media_pipeline.sniff import HEAD_BYTES, sniff

__all__ = ["FileRefused", "keep_upload"]


def keep_upload(upload: "UploadedFile[Any]", wanted: str = "") -> tuple[MediaFile, str]:
    """Store what was uploaded, and say as which kind it is sent: `wanted`, or what its bytes are.

    Raises FileRefused when WhatsApp would not take it so.
    """
    name, size = upload.name or "", upload.size or 0
    if not size:
        raise FileRefused(_("El archivo está vacío: súbelo otra vez."))
    found = sniff(upload.read(HEAD_BYTES), name)
    if found is None:
        raise FileRefused(
            _("No se reconoce el archivo. Sube una imagen, un video, un audio o un PDF.")
        )
    kind = kind_of_file(found.mime_type, wanted)
    check_size(kind, size)
    upload.seek(0)
    file = services.store(
        upload.read(),
        mime_type=found.mime_type,
        extension=found.extension,
        original_name=_plain_name(name),
    )
    return file, kind


def _plain_name(name: str) -> str:
    """What the sender called it, without control characters: data, never a path."""
    return "".join(char for char in name if char.isprintable()).rpartition("/")[2]
