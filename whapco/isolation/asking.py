"""One request, asked inside this process through every middleware, and what came back."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from whapco.isolation.forms import Fields
from whapco.isolation.people import Knock

_CSRF_TOKEN = "a" * 32  # in cookie and header alike: it must not be what stops a request


@dataclass(frozen=True)
class Answer:
    """`content` is all that left the server: headers, body, and what a zipped body holds."""

    status: int
    location: str
    allowed: tuple[str, ...]  # the methods named by a 405
    content: bytes
    error: str = ""  # what a view raised

    @classmethod
    def none(cls) -> "Answer":
        """For a request that is named without its answer."""
        return cls(0, "", (), b"")


class Asker:
    def __init__(self) -> None:
        self._client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def ask(self, method: str, path: str, knock: Knock, fields: Fields | None = None) -> Answer:
        """`path` may carry a query. `fields` are posted as a form."""
        options: dict[str, Any] = {"HTTP_COOKIE": _cookies(knock)}
        if method == "POST":
            options |= _form(fields or {})
        headers = {**dict(knock.headers), "X-CSRFToken": _CSRF_TOKEN}
        response = self._client.generic(
            method, _with_query(path, knock.query), headers=headers, **options
        )
        return _answer(response)


def _form(fields: Fields) -> dict[str, Any]:
    return {"data": encode_multipart(BOUNDARY, fields), "content_type": MULTIPART_CONTENT}


def _cookies(knock: Knock) -> str:
    session = f"{settings.SESSION_COOKIE_NAME}={knock.cookie}; " if knock.cookie else ""
    return f"{session}{settings.CSRF_COOKIE_NAME}={_CSRF_TOKEN}"


def _with_query(path: str, query: str) -> str:
    if not query:
        return path
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _answer(response: HttpResponseBase) -> Answer:
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    response.close()
    headers = "\n".join(f"{name}: {value}" for name, value in response.items()).encode()
    error = getattr(response, "exc_info", None)
    return Answer(
        status=response.status_code,
        location=response.headers.get("Location", ""),
        allowed=tuple(each.strip() for each in response.headers.get("Allow", "").split(",")),
        content=b"\n".join((headers, body, _unzipped(body))),
        error=f"{error[0].__name__}: {error[1]}" if error else "",
    )


def _unzipped(body: bytes) -> bytes:
    """An .xlsx hides its text."""
    if not body.startswith(b"PK"):
        return b""
    try:
        with ZipFile(BytesIO(body)) as file:
            return b"\n".join(file.read(name) for name in file.namelist())
    except BadZipFile:
        return b""
