"""Which files WhatsApp takes as what: types by kind (docs, "Supported media types"). Pure.

Sizes are outbound.MEDIA_BYTES_LIMIT.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.whatsapp.outbound import MEDIA_BYTES_LIMIT

TYPES: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"image/jpeg", "image/png"}),
    "video": frozenset({"video/mp4", "video/3gpp"}),
    "audio": frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
    "document": frozenset(
        {
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "text/plain",
            "text/csv",
        }
    ),
}

_SPOKEN: Final[Mapping[str, Any]] = {
    "image": gettext_lazy("una imagen"),
    "video": gettext_lazy("un video"),
    "audio": gettext_lazy("un audio"),
    "document": gettext_lazy("un documento"),
}


class FileRefused(Exception):
    """WhatsApp would not take the file; the text says why and what to do, in Spanish."""


def kind_of_file(mime_type: str, wanted: str = "") -> str:
    """The kind such a file is sent as: `wanted` where that works, else its own. Any image, video or
    sound may also go as a document. Raises FileRefused."""
    if mime_type == "image/heic":
        raise FileRefused(
            _(
                "WhatsApp no acepta fotos HEIC. En el iPhone: Ajustes, Cámara, Formatos, "
                "«El más compatible»; o convierte la foto a JPG."
            )
        )
    own = own_kind(mime_type)
    if own and wanted in ("", own, "document"):
        return wanted or own
    if wanted and own:
        raise FileRefused(
            _("El archivo no es de ese tipo: es %(own)s. Cambia el tipo o sube otro archivo.")
            % {"own": _SPOKEN[own]}
        )
    raise FileRefused(
        _(
            "WhatsApp no acepta archivos así (%(type)s). Conviértelo a JPG, PNG, MP4, MP3, OGG, "
            "PDF, Word, Excel, PowerPoint o texto."
        )
        % {"type": mime_type}
    )


def own_kind(mime_type: str) -> str:
    """Empty for what WhatsApp takes as nothing. Meta limits an upload by this kind, whatever it is
    sent as afterwards."""
    return next((kind for kind, types in TYPES.items() if mime_type in types), "")


def check_size(kind: str, size: int) -> None:
    """`size` in bytes. Raises FileRefused."""
    if size > MEDIA_BYTES_LIMIT[kind]:
        raise too_big(kind, size)


def too_big(kind: str, size: int) -> FileRefused:
    """Names WhatsApp's limit."""
    return FileRefused(
        _("Pesa %(size)s MB y WhatsApp acepta hasta %(limit)d MB en %(kind)s: hazlo liviano.")
        % {
            "size": f"{size / 1024 / 1024:.1f}".replace(".", ","),
            "limit": MEDIA_BYTES_LIMIT[kind] // 1024 // 1024,
            "kind": _SPOKEN[kind],
        }
    )


def type_for_meta(mime_type: str) -> str:
    """As Meta wants it named: it refuses `text/csv`, and takes the same as plain text."""
    return "text/plain" if mime_type == "text/csv" else mime_type
