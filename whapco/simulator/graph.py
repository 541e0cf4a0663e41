"""The Graph API that the product calls, as strict as Meta's: every answer of the /{number},
/{media} and /{account} addresses. What happens to accepted messages is in `sending`.

Validation answers in Meta's order, each stage alone: token, path, body, number, recipient, rate.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from whapco.simulator import accounts, media, validation
from whapco.simulator.access import Tokens
from whapco.simulator.clock import Clock
from whapco.simulator.errors import MetaError, invalid, unknown_object, unknown_path
from whapco.simulator.http import Request, Response, json_response
from whapco.simulator.limits import SendLimits
from whapco.simulator.script import Script, Switches
from whapco.simulator.sending import Sender
from whapco.simulator.state import Memory, Number
from whapco.simulator.templates import TemplateBook
from whapco.simulator.webhooks import Webhook

Json = dict[str, Any]

_VERSION = re.compile(r"v(\d{2})\.\d+")
_OLDEST_VERSION = 17


class Graph:
    """`emit` receives the webhooks to post. `base_url` is where this Graph is served, for the
    addresses of files. `forgiving`: message ids and windows from before the last start get the
    benefit of the doubt (the real Meta remembers them, this memory does not). `outage`, while it
    is set, answers every call."""

    def __init__(
        self,
        *,
        tokens: Tokens | None = None,
        emit: Callable[[Webhook], None] = lambda webhook: None,
        base_url: str = "",
        clock: Clock | None = None,
        limits: SendLimits | None = None,
        version: str = "v23.0",
        forgiving: bool = False,
    ) -> None:
        self.clock = clock or Clock()
        self.memory = Memory()
        self.media = media.MediaStore(self.clock)
        self.templates = TemplateBook()
        self.tokens = tokens or Tokens()
        self.limits = limits or SendLimits()
        self.script = Script()
        self.switches = Switches()
        self.emit = emit
        self.base_url = base_url.rstrip("/")
        self.version = version
        self.forgiving = forgiving
        self.outage: MetaError | None = None
        self.sender = Sender(self)

    def post(self, webhook: Webhook) -> None:
        """Hand it over, if the app is subscribed to the number's account: Meta posts nothing of
        any other."""
        number = self.memory.numbers[webhook.phone_number_id]
        if number.waba_id not in self.memory.unsubscribed:
            self.emit(webhook)

    def add_number(self, phone_number_id: str, token: str = "", **facts: Any) -> Number:
        """Register a business number. `facts` are fields of Number; a token is granted to it."""
        with self.memory.lock:
            number = Number(phone_number_id, **facts)
            self.memory.numbers[phone_number_id] = number
            self.memory.tick()
        if token:
            self.tokens.grant(token, phone_number_id)
        return number

    def handle(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Response:
        """Answer one call. Never raises for what the caller sent."""
        lowered = {name.lower(): value for name, value in headers.items()}
        request = Request(method.upper(), path.strip("/"), query, lowered, body)
        try:
            response = self._answer(request)
        except MetaError as error:
            response = self._refusal(error)
        if "lookaside" not in request.path:
            response.delay_seconds += self.switches.delay_seconds
            self._record(request, response)
        return response

    def _answer(self, request: Request) -> Response:
        parts = request.path.split("/")
        if found := _VERSION.fullmatch(parts[0]):
            if int(found[1]) < _OLDEST_VERSION:
                raise unknown_path(request.path)
            parts = parts[1:]
        if parts[0] == "lookaside" and len(parts) == 2:
            return self._download(request, parts[1])
        if self.outage is not None:
            raise self.outage
        self.tokens.check(request.token)
        if not parts[0].isdigit() or len(parts) > 2:
            raise unknown_path("/".join(parts))
        if len(parts) == 1:
            return self._object(request, parts[0])
        return self._edge(request, parts[0], parts[1])

    def _object(self, request: Request, object_id: str) -> Response:
        stored = self.media.find(object_id)
        if stored is not None:
            return self._file(request, stored)
        if own := accounts.numbers_of(self, request, object_id):
            return accounts.account(own, request)
        is_number = "display_phone_number" in request.query.get("fields", "")
        number = self._number(request, object_id, wanted=is_number)
        if request.method != "GET":
            raise unknown_object(object_id, request.method)
        fields = request.query.get("fields", accounts.NUMBER_DEFAULTS)
        return json_response(accounts.number_fields(number, fields))

    def _edge(self, request: Request, object_id: str, edge: str) -> Response:
        if edge in accounts.EDGES:
            return accounts.edge(self, request, object_id, edge)
        handler = {"messages": self._messages, "media": self._upload}.get(edge)
        if handler is None:
            raise unknown_path(f"{object_id}/{edge}")
        number = self._number(request, object_id, wanted=request.method == "POST")
        if request.method != "POST":
            raise unknown_object(object_id, request.method)
        return handler(request, number)

    def _number(self, request: Request, phone_number_id: str, *, wanted: bool) -> Number:
        """The number, if this token may use it. In an open house an unknown one that is `wanted`
        as a number is registered on the spot."""
        self.tokens.check_number(request.token, phone_number_id, request.method)
        number = self.memory.numbers.get(phone_number_id)
        if number is None and self.tokens.open_house and wanted:
            number = self.add_number(phone_number_id, request.token)
        if number is None:
            raise unknown_object(phone_number_id, request.method)
        return number

    def _messages(self, request: Request, number: Number) -> Response:
        body = validation.check(request.json())
        if validation.is_receipt(body):
            return json_response(self.sender.mark_read(number, body))
        return self.sender.send(number, body, request.token)

    def _upload(self, request: Request, number: Number) -> Response:
        parts = media.parse_multipart(request.headers.get("content-type", ""), request.body)
        product = parts.get("messaging_product")
        if product is None or product.content != b"whatsapp":
            raise invalid("The parameter messaging_product is required.")
        part = parts.get("file")
        if part is None:
            raise invalid("The parameter file is required.")
        media.check_upload(part)
        with self.memory.lock:
            stored = self.media.keep(
                number.phone_number_id, part.mime_type, part.content, filename=part.filename
            )
        return json_response({"id": stored.media_id})

    def _file(self, request: Request, stored: media.StoredFile) -> Response:
        self.tokens.check_number(request.token, stored.phone_number_id, request.method)
        if request.query.get("phone_number_id", stored.phone_number_id) != stored.phone_number_id:
            raise unknown_object(stored.media_id, request.method)
        if request.method == "DELETE":
            self.media.delete(stored.media_id)
            return json_response({"success": True})
        if request.method != "GET":
            raise unknown_object(stored.media_id, request.method)
        return json_response(
            {
                "messaging_product": "whatsapp",
                "url": self.file_url(stored.media_id),
                "mime_type": stored.mime_type,
                "sha256": stored.digest.hex(),
                "file_size": len(stored.content),
                "id": stored.media_id,
            }
        )

    def file_url(self, media_id: str) -> str:
        """A fresh address of the file, good for 5 minutes and only with the access token."""
        return f"{self.base_url}/lookaside/{self.media.new_url_token(media_id)}"

    def _download(self, request: Request, url_token: str) -> Response:
        try:
            self.tokens.check(request.token)
        except MetaError:
            return Response(401, {"Content-Type": "text/html"}, b"<html>Unauthorized</html>")
        stored = self.media.by_url_token(url_token)
        if stored is None:
            return Response(404, {"Content-Type": "text/html"}, b"<html>Not found</html>")
        return Response(200, {"Content-Type": stored.mime_type}, stored.content)

    def _refusal(self, error: MetaError) -> Response:
        response = json_response(error.as_json(), error.http, self.version)
        if error.http == 401:
            challenge = f'OAuth "Facebook Platform" "invalid_token" "{error.message}"'
            response.headers["WWW-Authenticate"] = challenge
        return response

    def _record(self, request: Request, response: Response) -> None:
        sent = request.json() if len(request.body) < 64_000 else None
        note = sent if sent is not None else f"{len(request.body)} bytes"
        text = response.body.decode("utf-8", "replace")[:4_000]
        self.memory.record(
            self.clock.wall(), "graph", request.method, request.path, response.status, note, text
        )
