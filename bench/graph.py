"""A Graph API that accepts everything after GRAPH_DELAY_MS: the cheapest peer that is still HTTP.

GET /stats tells how many sends arrived, the last one's time, and the texts of each contact in
order of arrival. POST /reset forgets.
"""

import asyncio
import json
import os
import time
from typing import Any

DELAY = float(os.environ.get("GRAPH_DELAY_MS", "0")) / 1000
state: dict[str, Any] = {"count": 0, "last": 0.0, "texts": {}}


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = await _body(receive)
    if scope["path"] == "/stats":
        await _answer(send, state)
        return
    if scope["path"] == "/reset":
        state.update(count=0, last=0.0, texts={})
        await _answer(send, {})
        return
    if DELAY:
        await asyncio.sleep(DELAY)
    message = json.loads(body)
    state["count"] += 1
    state["last"] = time.time()
    to = message.get("to") or message.get("recipient", "")
    state["texts"].setdefault(to, []).append((message.get("text") or {}).get("body", ""))
    await _answer(
        send,
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": f"wamid.bench{os.getpid()}.{state['count']}.{time.time_ns()}"}],
        },
    )


async def _body(receive: Any) -> bytes:
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(parts)


async def _answer(send: Any, content: Any) -> None:
    raw = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": raw})
