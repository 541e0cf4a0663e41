"""The cells `media_url` and `media_tipo`: several addresses in one cell, and what each one is."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from whapco.lib.spreadsheets import BadCell, Column, normalize_title

MEDIA_URL = "media_url"
MEDIA_KIND = "media_tipo"
MEDIA_URL_COLUMN = Column(MEDIA_URL, ("medias", "media", "url", "media_urls", "archivo"))
MEDIA_KIND_COLUMN = Column(MEDIA_KIND, ("media_type", "media_kind", "tipo_media", "tipo_de_media"))
MEDIA_KINDS = ("image", "video", "audio", "document")
_SEPARATOR = re.compile(r"\|\||[,\n]")
_KIND_NAMES = {
    "image": ("image", "imagen", "foto", "sticker"),
    "video": ("video",),
    "audio": ("audio", "voz", "nota_de_voz"),
    "document": ("document", "documento", "archivo", "application", "text", "pdf"),
}
_EXTENSIONS = {
    "image": ("jpg", "jpeg", "png", "webp", "gif"),
    "video": ("mp4", "3gp", "3gpp", "mov"),
    "audio": ("mp3", "ogg", "oga", "opus", "aac", "amr", "m4a", "wav"),
}


@dataclass(frozen=True)
class MediaCell:
    """An http(s) address or the path of an uploaded file, and one of MEDIA_KINDS or empty."""

    address: str
    kind: str = ""

    @property
    def is_link(self) -> bool:
        return self.address.lower().startswith(("http://", "https://"))


def split_addresses(cell: str) -> tuple[str, ...]:
    """Addresses separated by commas, line ends or `||` (older installations)."""
    return tuple(item.strip() for item in _SEPARATOR.split(cell) if item.strip())


def cell_address(url: str, path: str) -> str:
    """How a stored media is written: a comma inside an address would separate two."""
    return url.strip().replace(",", "%2C") if url else path


def check_addresses(addresses: Iterable[str], files: Collection[str]) -> None:
    """Raises BadCell unless each is an http(s) address or one of `files`, the uploaded paths."""
    for address in addresses:
        if address not in files and not is_link(address):
            raise BadCell(
                _("«%(address)s» no es una dirección http(s) ni un archivo subido.")
                % {"address": address}
            )


def is_link(address: str) -> bool:
    """Whether Meta could fetch it: http(s) with a host, no blanks."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", address)
    )


def read_kinds(cell: str, addresses: tuple[str, ...], default: str) -> tuple[str, ...]:
    """One kind for each address: its own, or the only one given, or `default`, or by extension.

    Raises BadCell on an unknown kind, or when there are neither one nor as many as addresses.
    """
    kinds = [_read_kind(item) for item in split_addresses(cell)]
    if not kinds:
        return tuple(default or kind_of(address) for address in addresses)
    if len(kinds) == 1:
        return tuple(kinds * len(addresses))
    if len(kinds) != len(addresses):
        raise BadCell(
            _("hay %(kinds)d tipos para %(addresses)d direcciones.")
            % {"kinds": len(kinds), "addresses": len(addresses)}
        )
    return tuple(kinds)


def kind_of(address: str) -> str:
    """By the extension; what is unknown goes as a document."""
    extension = address.partition("?")[0].rpartition(".")[2].lower()
    for kind, extensions in _EXTENSIONS.items():
        if extension in extensions:
            return kind
    return "document"


def join_addresses(medias: Iterable[MediaCell]) -> str:
    return "\n".join(media.address for media in medias)


def join_kinds(medias: Iterable[MediaCell]) -> str:
    return "\n".join(media.kind for media in medias)


def _read_kind(text: str) -> str:
    """`image`, `imagen` and `image/jpeg` are one kind."""
    name = normalize_title(text.partition("/")[0])
    for kind, names in _KIND_NAMES.items():
        if name in names:
            return kind
    raise BadCell(
        _("«%(text)s» no es un tipo de archivo: usa %(kinds)s.")
        % {"text": text, "kinds": ", ".join(MEDIA_KINDS)}
    )
