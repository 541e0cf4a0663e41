"""Uploaded files as Meta keeps them: checked on the way in, short-lived on the way out."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from whapco.simulator import ids
from whapco.simulator.clock import Clock
from whapco.simulator.errors import MetaError, invalid

MB = 1024 * 1024
_LIMITS = {
    "audio/aac": 16 * MB, "audio/amr": 16 * MB, "audio/mpeg": 16 * MB, "audio/mp4": 16 * MB,
    "audio/ogg": 16 * MB, "audio/opus": 16 * MB, "image/jpeg": 5 * MB, "image/png": 5 * MB,
    "image/webp": 500 * 1024, "video/mp4": 16 * MB, "video/3gpp": 16 * MB,
    "text/plain": 100 * MB, "application/pdf": 100 * MB, "application/msword": 100 * MB,
    "application/vnd.ms-excel": 100 * MB, "application/vnd.ms-powerpoint": 100 * MB,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100 * MB,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100 * MB,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100 * MB,
}  # fmt: skip
LARGEST = 100 * MB
KEPT_BYTES = 200 * MB
UPLOADED_SECONDS = 30 * 86_400
RECEIVED_SECONDS = 7 * 86_400
URL_SECONDS = 5 * 60


@dataclass
class StoredFile:
    media_id: str
    phone_number_id: str
    mime_type: str
    filename: str
    content: bytes
    expires_at: float

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.content).digest()


class MediaStore:
    """Files of all numbers; the oldest go when they pass KEPT_BYTES together."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.files: OrderedDict[str, StoredFile] = OrderedDict()
        self._urls: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def clear(self) -> None:
        self.files.clear()
        self._urls.clear()

    def keep(
        self,
        phone_number_id: str,
        mime_type: str,
        content: bytes,
        *,
        filename: str = "",
        seconds: float = UPLOADED_SECONDS,
        media_id: str = "",
    ) -> StoredFile:
        expires_at = self.clock.now() + seconds
        stored = StoredFile(
            media_id or ids.media_id(), phone_number_id, mime_type, filename, content, expires_at
        )
        self.files[stored.media_id] = stored
        while sum(len(f.content) for f in self.files.values()) > KEPT_BYTES and len(self.files) > 1:
            self.files.popitem(last=False)
        return stored

    def find(self, media_id: str) -> StoredFile | None:
        stored = self.files.get(media_id)
        return stored if stored and stored.expires_at > self.clock.now() else None

    def delete(self, media_id: str) -> None:
        self.files.pop(media_id, None)

    def new_url_token(self, media_id: str) -> str:
        """Opens one file for 5 minutes, together with the access token."""
        token = secrets.token_urlsafe(24)
        self._urls[token] = (media_id, self.clock.now() + URL_SECONDS)
        while len(self._urls) > 10_000:
            self._urls.popitem(last=False)
        return token

    def by_url_token(self, token: str) -> StoredFile | None:
        media_id, expires_at = self._urls.get(token, ("", 0.0))
        return self.find(media_id) if expires_at > self.clock.now() else None


def check_upload(part: "Part") -> None:
    """Raises MetaError 100 for a type Meta does not take, 131053 for too many bytes."""
    mime = part.mime_type.split(";")[0].strip().lower()
    if mime == "audio/ogg" and b"OpusHead" not in part.content[:512]:
        mime = "application/octet-stream"  # Meta takes ogg for Opus only
    if mime not in _LIMITS:
        raise invalid(
            f"Param file must be a file with one of the following types: {', '.join(_LIMITS)}."
            f" Received file of type '{mime}'."
        )
    if len(part.content) > _LIMITS[mime]:
        raise MetaError(131053, details=f"File size is over the limit of {_LIMITS[mime]} bytes.")


@dataclass
class Part:
    """One field of a multipart form."""

    name: str
    filename: str
    mime_type: str
    content: bytes


def parse_multipart(content_type: str, body: bytes) -> dict[str, Part]:
    """The fields by name; none when the body is not a form."""
    boundary = _parameters(content_type).get("boundary", "")
    if not boundary:
        return {}
    parts = {}
    for chunk in body.split(b"--" + boundary.encode())[1:]:
        head, separator, content = chunk.partition(b"\r\n\r\n")
        if separator:
            part = _part(head.decode("utf-8", "replace"), content.removesuffix(b"\r\n"))
            parts[part.name] = part
    return parts


def _part(head: str, content: bytes) -> Part:
    headers: dict[str, str] = {}
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = _parameters(headers.get("content-disposition", ""))
    mime_type = headers.get("content-type", "application/octet-stream")
    return Part(disposition.get("name", ""), disposition.get("filename", ""), mime_type, content)


def _parameters(header: str) -> Mapping[str, str]:
    found = {}
    for item in header.split(";")[1:]:
        name, _, value = item.partition("=")
        found[name.strip().lower()] = value.strip().strip('"')
    return found
