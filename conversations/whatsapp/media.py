"""Files at Meta: where one lies, and reading it with a limit and a checksum."""

import base64
import binascii
import hashlib
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import urllib3
from django.utils.translation import gettext
from urllib3.exceptions import HTTPError

from conversations.whatsapp.errors import Action, GraphError
from conversations.whatsapp.reading import as_id, as_text
from conversations.whatsapp.transport import lost_answer

CHUNK_BYTES: Final = 64 * 1024
_DEADLINE_SECONDS: Final = 600  # for a whole file; the read timeout only bounds one silence


class MediaTooBig(GraphError):
    """The file is longer than the caller allows."""


class MediaCorrupt(GraphError):
    """The bytes do not match the checksum that Meta gave. What was read must be thrown away."""


@dataclass(frozen=True)
class MediaLocation:
    """Where a file can be fetched for 5 minutes. `sha256` is hex, `size` in bytes or None."""

    url: str
    mime_type: str
    sha256: str
    size: int | None


def read_location(answer: dict[str, Any]) -> MediaLocation:
    """The answer of GET /{media_id}; `file_size` is a number in practice, text in the docs."""
    size = as_id(answer.get("file_size"), 15)
    return MediaLocation(
        url=as_text(answer.get("url")),
        mime_type=as_text(answer.get("mime_type")),
        sha256=as_hex(as_text(answer.get("sha256"))),
        size=int(size) if size.isascii() and size.isdigit() else None,
    )


def as_hex(digest: str) -> str:
    """A SHA-256 as 64 hex digits; webhooks give base64. Empty if it is neither."""
    if len(digest) == 64 and all(char in "0123456789abcdefABCDEF" for char in digest):
        return digest.lower()
    try:
        raw = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""


def require_size(size: int | None, max_bytes: int) -> None:
    """Raises MediaTooBig."""
    if size is not None and size > max_bytes:
        raise MediaTooBig(
            gettext("El archivo es demasiado grande. Pide que lo envíen más liviano."),
            action=Action.AGENT,
        )


def read(response: urllib3.BaseHTTPResponse, *, max_bytes: int, sha256: str) -> Iterator[bytes]:
    """The bytes of an open response, in chunks. Checks size while reading and sum at the end.

    Raises MediaTooBig, MediaCorrupt, AnswerUnknown (the connection broke).
    """
    digest, total = hashlib.sha256(), 0
    deadline = time.monotonic() + _DEADLINE_SECONDS
    try:
        for chunk in response.stream(CHUNK_BYTES):
            total += len(chunk)
            require_size(total, max_bytes)
            if time.monotonic() > deadline:
                raise lost_answer()
            digest.update(chunk)
            yield chunk
    except HTTPError:
        raise lost_answer() from None
    finally:
        response.close()
        response.release_conn()
    if sha256 and digest.hexdigest() != sha256:
        raise MediaCorrupt(
            gettext("El archivo llegó dañado de Meta. Se descarga otra vez."), action=Action.RETRY
        )


def form(file: BinaryIO, *, size: int, mime_type: str) -> tuple[Iterable[bytes], dict[str, str]]:
    """A multipart upload of `size` bytes that is never whole in memory: (body, headers).

    Meta looks at the Content-Type of the file's own part; the name there does not matter.
    """
    boundary = secrets.token_hex(16)  # unknown to whoever made the file
    parts = (
        'name="messaging_product"\r\n\r\nwhatsapp',
        f'name="type"\r\n\r\n{mime_type}',
        f'name="file"; filename="file"\r\nContent-Type: {mime_type}\r\n\r\n',
    )
    delimiter = f"--{boundary}\r\nContent-Disposition: form-data; "
    head = "\r\n".join(delimiter + part for part in parts).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(head) + size + len(tail)),
    }
    return _chunks(head, file, tail), headers


def _chunks(head: bytes, file: BinaryIO, tail: bytes) -> Iterator[bytes]:
    yield head
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
    yield tail
