"""What a file is, by its bytes: its name and what the browser says of it are only hints."""

from dataclasses import dataclass
from typing import Final

import filetype

HEAD_BYTES: Final = 8192
_OFFICE_97 = b"\xd0\xcf\x11\xe0"
_OFFICE_97_TYPES = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}
_OFFICE_ZIP_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_TEXT_TYPES = {"txt": "text/plain", "csv": "text/csv"}
_MARKUP = (b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<script")
# Types that filetype names otherwise than WhatsApp does.
_ALSO_CALLED = {
    "audio/x-m4a": "audio/mp4",
    "video/x-m4v": "video/mp4",
}
UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True)
class Sniffed:
    """A MIME type, and the extension that a stored file of it gets (without the dot)."""

    mime_type: str
    extension: str


def sniff(head: bytes, name: str = "") -> Sniffed | None:
    """The type of the file that starts with `head`, at most HEAD_BYTES of it; None: unknown, or one
    that a browser could run (HTML, SVG). `name` decides between types that start alike."""
    extension = name.rpartition(".")[2].lower()
    if head.startswith(b"OggS"):
        is_opus = b"OpusHead" in head[:512]  # the only sound in Ogg that WhatsApp plays
        return Sniffed("audio/ogg" if is_opus else "audio/vorbis", "ogg")
    if head[4:11] == b"ftyp3gp":
        return Sniffed("video/3gpp", "3gp")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return Sniffed("image/heic", "heic")
    if head.startswith(_OFFICE_97):
        return _listed(_OFFICE_97_TYPES, extension)
    if head.startswith(b"PK\x03\x04"):
        return _listed(_OFFICE_ZIP_TYPES, extension) or Sniffed("application/zip", "zip")
    found = filetype.guess(head)
    if found is not None:
        return Sniffed(_ALSO_CALLED.get(found.mime, found.mime), found.extension)
    return _text(head, extension)


def _listed(types: dict[str, str], extension: str) -> Sniffed | None:
    return Sniffed(types[extension], extension) if extension in types else None


def _text(head: bytes, extension: str) -> Sniffed | None:
    """UTF-8 without NUL; the last character may have been cut."""
    if not head or b"\0" in head:
        return None
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith(_MARKUP):
        return None
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return None
    return _listed(_TEXT_TYPES, extension) or Sniffed("text/plain", "txt")
