"""Requests and answers without a framework: Django's door and the tests' server share them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whapco.simulator import ids


@dataclass(frozen=True)
class Request:
    """`path` without the version prefix and outer slashes; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """The access token, from the header or, as Graph allows, the query; empty without one."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() in ("bearer", "oauth") and value.strip():
            return value.strip()
        return self.query.get("access_token", "")

    def json(self) -> Any:
        """The body; None when it is not JSON, which Meta treats like an empty one."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass
class Response:
    """`delay_seconds` is how long the door must hold it back; `drop` tells the door to close the
    connection instead."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0
    drop: bool = False


def json_response(data: object, status: int = 200, version: str = "v23.0") -> Response:
    """With the headers that Meta puts on every answer."""
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "facebook-api-version": version,
        "x-fb-trace-id": ids.trace_id(),
        "x-fb-request-id": ids.trace_id(),
        "x-business-use-case-usage": "{}",
    }
    return Response(status, headers, json.dumps(data).encode())
