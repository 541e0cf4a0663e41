"""A stored file as an HTTP answer: byte ranges, safe headers, nothing that could run in a page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

SHOWN: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/3gpp"}
)
VERSION_LENGTH: Final = 12  # of the digest, in addresses
_CHUNK_BYTES: Final = 256 * 1024
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
_LASTING: Final = "private, max-age=31536000, immutable"
_ASK_AGAIN: Final = "private, no-cache"  # the same address may be another company's file tomorrow


@dataclass(frozen=True)
class Served:
    """What is sent: `name` for whoever saves it; `tag` changes with the content."""

    path: Path
    mime_type: str
    name: str
    tag: str


def file_response(
    request: HttpRequest, file: Served, *, download: bool = False, lasting: bool = False
) -> HttpResponseBase:
    """The file, or the part asked for. `lasting`: its address names the content, so that the
    browser need not ask again. Raises FileNotFoundError."""
    size = file.path.stat().st_size
    tag = f'"{file.tag}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponseBase = HttpResponse(status=304)
    elif settings.X_ACCEL_PREFIX:
        response = _by_proxy(file)
    else:
        response = _by_us(request, file, size, tag)
    response["ETag"] = tag
    response["Cache-Control"] = _LASTING if lasting else _ASK_AGAIN
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    as_attachment = download or not is_shown(file.mime_type)
    disposition = content_disposition_header(as_attachment, file.name)
    if disposition:
        response["Content-Disposition"] = disposition
    return response


def is_shown(mime_type: str) -> bool:
    """Whether a page may show it; anything else is only ever saved."""
    return mime_type in SHOWN or mime_type.startswith("audio/")


def _by_proxy(file: Served) -> HttpResponse:
    """nginx sends it, ranges and all; see deploy/linux/nginx-files.conf."""
    relative = file.path.relative_to(settings.UPLOADS_DIR).as_posix()
    response = HttpResponse(content_type=file.mime_type)
    response["X-Accel-Redirect"] = quote(f"{settings.X_ACCEL_PREFIX.rstrip('/')}/{relative}")
    del response["Content-Length"]
    return response


def _by_us(request: HttpRequest, file: Served, size: int, tag: str) -> HttpResponseBase:
    asked = _asked(request, tag)
    start, end = _bounds(asked, size) if asked else (0, size)
    if asked and start >= end:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    status = 206 if asked else 200
    body = () if request.method == "HEAD" else _read(file.path, start, end)
    response = StreamingHttpResponse(body, status=status, content_type=file.mime_type)
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    if asked:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def _asked(request: HttpRequest, tag: str) -> tuple[str, str] | None:
    """The one range asked for, as written; several, or of an older file, mean all of it."""
    found = _RANGE.match(request.headers.get("Range", ""))
    if found is None or not (found[1] or found[2]) or request.headers.get("If-Range", tag) != tag:
        return None
    return found[1], found[2]


def _bounds(asked: tuple[str, str], size: int) -> tuple[int, int]:
    first, last = asked
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(_CHUNK_BYTES, end - start))):
            start += len(chunk)
            yield chunk
