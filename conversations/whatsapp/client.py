"""The only HTTP to Meta.

Errors: GraphError (Meta refused, or cannot be asked), NotSent (nothing left this machine),
AnswerUnknown (it may have been carried out). The token is in no error, log, repr or address.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

import urllib3
from django.utils.translation import gettext
from urllib3.util import Timeout

from conversations.whatsapp import media, outbound, transport
from conversations.whatsapp.errors import Action, GraphError, from_answer
from conversations.whatsapp.media import MediaLocation
from conversations.whatsapp.reading import as_dict, as_id, as_list, as_text

_NUMBER_FIELDS: Final = (
    "id,display_phone_number,verified_name,quality_rating,code_verification_status,name_status,"
    "status,throughput,platform_type,is_on_biz_app"
)
_TEMPLATE_FIELDS: Final = "id,name,language,status,category,components,parameter_format"
_PAGES: Final = 70  # of 100; Meta allows 6000 templates
_UPLOAD_READ_SECONDS: Final = 60.0  # Meta looks at the file before it answers
_LOOK_UP_AGAIN: Final = frozenset({401, 403, 404})  # the address of a file lives 5 minutes


@dataclass(frozen=True)
class Sent:
    """Meta accepted a message. `wa_id` is the canonical number and may differ from the one asked.

    `message_status` is "accepted", or for templates "held_for_quality_assessment" or "paused".
    """

    wamid: str
    wa_id: str = ""
    user_id: str = ""
    message_status: str = ""


@dataclass(frozen=True)
class Subscription:
    """An app that gets an account's webhooks, at `override_url` if the account names one."""

    app: str
    override_url: str = ""


class Client:
    """The Graph API in the name of one token. Cheap: all clients of a process share one pool.

    `base_url` without version (https://graph.facebook.com), `version` as "v23.0"; `timeout` is
    (connect, read) in seconds; `pool_size` is how many connections stay open per host.
    """

    def __init__(
        self,
        base_url: str,
        version: str,
        token: str,
        *,
        timeout: tuple[float, float] = (5.0, 20.0),
        pool_size: int = 128,
    ) -> None:
        self._origin = transport.origin(base_url)
        self._root = f"{base_url.rstrip('/')}/{version.strip('/')}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._fits_header = re.fullmatch(r"[!-~]*", token) is not None
        self._timeout = Timeout(connect=timeout[0], read=timeout[1])
        self._pool_size = pool_size

    def __repr__(self) -> str:
        return f"<Client {self._root}>"

    def send(self, phone_number_id: str, body: Mapping[str, Any]) -> Sent:
        """Send a full body (see outbound.envelope) from that number."""
        answer = self._post(f"{_number(phone_number_id)}/messages", body)
        messages, contacts = as_list(answer.get("messages")), as_list(answer.get("contacts"))
        message = as_dict(messages[0]) if messages else {}
        contact = as_dict(contacts[0]) if contacts else {}
        wamid = as_id(message.get("id"))
        if not wamid:
            raise transport.lost_answer()
        return Sent(
            wamid=wamid,
            wa_id=as_id(contact.get("wa_id"), 32),
            user_id=as_id(contact.get("user_id"), 150),
            message_status=as_text(message.get("message_status"), 40),
        )

    def mark_read(self, phone_number_id: str, wamid: str, *, typing: bool = False) -> None:
        """Show that message and all before it as read, and perhaps "escribiendo…"."""
        receipt = outbound.read_receipt(wamid, typing=typing)
        self._post(f"{_number(phone_number_id)}/messages", receipt)

    def upload_media(
        self, phone_number_id: str, file: BinaryIO, *, size: int, mime_type: str
    ) -> str:
        """Meta's id, good for 30 days, of `size` bytes read from `file`."""
        body, headers = media.form(file, size=size, mime_type=mime_type)
        timeout = Timeout(connect=self._timeout.connect_timeout, read=_UPLOAD_READ_SECONDS)
        url = f"{self._root}/{_number(phone_number_id)}/media"
        answer = _json(self._request("POST", url, body=body, headers=headers, timeout=timeout))
        media_id = as_id(answer.get("id"))
        if not media_id:
            raise transport.lost_answer()
        return media_id

    def media_url(self, media_id: str, phone_number_id: str = "") -> MediaLocation:
        """Where a file lies for the next 5 minutes; only for the number that received it."""
        query = {"phone_number_id": _number(phone_number_id)} if phone_number_id else {}
        return media.read_location(self._get(_media(media_id), query))

    def download_media(
        self, media_id: str, phone_number_id: str = "", *, max_bytes: int
    ) -> Iterator[bytes]:
        """The bytes of a file, while they arrive. Raises MediaTooBig and MediaCorrupt too.

        MediaCorrupt comes after the last chunk: only then is the file good.
        """
        location = self.media_url(media_id, phone_number_id)
        media.require_size(location.size, max_bytes)
        response = self._open(location)
        if response.status in _LOOK_UP_AGAIN:
            response.close()
            location = self.media_url(media_id, phone_number_id)
            response = self._open(location)
        if response.status != 200:
            raise _error(response)
        return media.read(response, max_bytes=max_bytes, sha256=location.sha256)

    def get_number(self, phone_number_id: str) -> dict[str, Any]:
        """What Meta says of a number: name, quality, status. Proves token and number at once."""
        return self._get(_number(phone_number_id), {"fields": _NUMBER_FIELDS})

    def list_templates(self, waba_id: str) -> list[dict[str, Any]]:
        """All templates of an account, of any status, as Meta describes them."""
        return self._list(f"{_number(waba_id)}/message_templates", _TEMPLATE_FIELDS)

    def list_numbers(self, waba_id: str) -> list[str]:
        """The ids of an account's business numbers."""
        rows = self._list(f"{_number(waba_id)}/phone_numbers", "id")
        return [as_id(row.get("id")) for row in rows]

    def subscribe(self, waba_id: str) -> None:
        """Ask Meta to send this account's webhooks to the app. Without it nothing arrives."""
        self._post(f"{_number(waba_id)}/subscribed_apps", {})

    def list_subscriptions(self, waba_id: str) -> list[Subscription]:
        """The apps that get this account's webhooks."""
        answer = self._get(f"{_number(waba_id)}/subscribed_apps", {})
        return [_subscription(as_dict(row)) for row in as_list(answer.get("data"))]

    def _list(self, path: str, fields: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        query = {"fields": fields, "limit": "100"}
        for _ in range(_PAGES):
            page = self._get(path, query)
            found += [item for item in as_list(page.get("data")) if isinstance(item, dict)]
            paging = as_dict(page.get("paging"))
            after = as_text(as_dict(paging.get("cursors")).get("after"))
            if not (after and paging.get("next")):  # `next` itself carries the token: not followed
                break
            query["after"] = after
        return found

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        suffix = f"?{urlencode(query)}" if query else ""
        return _json(self._request("GET", f"{self._root}/{path}{suffix}"))

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        data = json.dumps(body, allow_nan=False).encode()
        headers = {"Content-Type": "application/json"}
        return _json(self._request("POST", f"{self._root}/{path}", body=data, headers=headers))

    def _open(self, location: MediaLocation) -> urllib3.BaseHTTPResponse:
        transport.require_safe(location.url, self._origin)
        return self._request("GET", location.url, stream=True)

    def _request(
        self,
        method: str,
        url: str,
        *,
        body: transport.Body = None,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout | None = None,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        if not self._fits_header:  # the library would print it in its error
            text = gettext("La clave de acceso tiene espacios o letras de más. Cópiala otra vez.")
            raise GraphError(text, action=Action.TOKEN)
        return transport.request(
            method,
            url,
            body=body,
            headers={**self._headers, **(headers or {})},
            timeout=timeout or self._timeout,
            pool_size=self._pool_size,
            stream=stream,
        )


def _subscription(row: dict[str, Any]) -> Subscription:
    app = as_dict(row.get("whatsapp_business_api_data"))
    name = as_text(app.get("name"), 80) or as_id(app.get("id"))
    return Subscription(name, as_text(row.get("override_callback_uri"), 200))


def _json(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    if not 200 <= response.status < 300:
        raise _error(response)
    try:
        answer = json.loads(response.data)
    except (ValueError, RecursionError):
        raise transport.lost_answer() from None
    if not isinstance(answer, dict):
        raise transport.lost_answer()
    return answer


def _error(response: urllib3.BaseHTTPResponse) -> GraphError:
    try:
        body = response.data
    except urllib3.exceptions.HTTPError:
        body = b""
    return from_answer(response.status, body, transport.wait_seconds(response.headers))


def _number(number_id: str) -> str:
    """The id of a number or an account, fit for a path. Raises GraphError."""
    if not re.fullmatch(r"[0-9]{1,64}", number_id):
        text = gettext("El identificador del número no es válido. Corrígelo en la empresa.")
        raise GraphError(text, action=Action.CHANNEL)
    return number_id


def _media(media_id: str) -> str:
    """The id of a file, which came from outside, fit for a path. Raises GraphError."""
    if not re.fullmatch(r"[0-9]{1,64}", media_id):
        text = gettext("El archivo no tiene un identificador válido. Pide que lo envíen de nuevo.")
        raise GraphError(text, action=Action.AGENT)
    return media_id
