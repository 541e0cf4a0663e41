"""Calls to the simulated Graph, without HTTP between."""

import json
from typing import Any

from tests.meta import FakeMeta
from whapco.simulator.http import Response

CAMILA = "573001112233"


def text_body(to: str = CAMILA, body: str = "hola", **more: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "text",
        "text": {"body": body},
    } | more


def call(
    meta: FakeMeta, method: str, path: str, body: Any = None, *, token: str = "T1", **query: str
) -> Response:
    """`body` bytes go as they are, anything else as JSON."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return meta.graph.handle(method, path, query, headers, raw)


def send(meta: FakeMeta, body: Any = None, *, number: str = "111", token: str = "T1") -> Response:
    return call(meta, "POST", f"v23.0/{number}/messages", body or text_body(), token=token)


def answer_of(response: Response) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def code_of(response: Response) -> int | None:
    """Meta's error code, None for a success."""
    code: int | None = answer_of(response).get("error", {}).get("code")
    return code


def statuses(meta: FakeMeta) -> list[dict[str, Any]]:
    """The statuses of the webhooks that wait, in order."""
    values = [w.body["entry"][0]["changes"][0]["value"] for w in meta.webhooks]
    return [status for value in values for status in value.get("statuses", [])]
