"""GET /eventos: hints to an open page by server-sent events. The company comes from the verified
session, never from the request alone."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from tenants.sessions import company_of_session
from whapco.lib import bus

HEARTBEAT_SECONDS = 20  # proxies close silent connections
CHECK_SECONDS = 60  # how long a logged-out page may go on listening

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def stream(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Ends when the page leaves, the server stops, or the session is no longer valid."""
    company = await asyncio.to_thread(_company, scope)
    if company is None:
        await _refuse(send)
        return
    await _start(send)
    gone = asyncio.create_task(_until_gone(receive))
    hints = asyncio.create_task(_pass_hints(company, scope, send))
    try:
        await asyncio.wait({gone, hints}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:  # the server stops; the page reconnects by itself
        pass
    finally:
        gone.cancel()
        hints.cancel()


def _company(scope: dict[str, Any]) -> str | None:
    """The key of the company whose user's session the request carries, if it is valid there."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    query = parse_qs(scope["query_string"].decode("latin-1"))
    asked = {headers.get(settings.TENANT_HEADER.lower(), ""), query.get("tenant", [""])[-1]} - {""}
    company = company_of_session(morsel.value) if morsel else None
    return company if company is not None and asked <= {company} else None


async def _pass_hints(company: str, scope: dict[str, Any], send: Send) -> None:
    source = bus.subscribe(company)
    pending = asyncio.ensure_future(anext(source))
    checked = asyncio.get_running_loop().time()
    try:
        while True:
            await asyncio.wait({pending}, timeout=HEARTBEAT_SECONDS)
            if asyncio.get_running_loop().time() - checked > CHECK_SECONDS:
                checked = asyncio.get_running_loop().time()
                if await asyncio.to_thread(_company, scope) != company:
                    return
            if not pending.done():
                await _body(send, ": sigo aquí\n\n")
                continue
            await _body(send, f"data: {json.dumps(pending.result())}\n\n")
            pending = asyncio.ensure_future(anext(source))
    finally:
        pending.cancel()  # else the reader, and its Redis connection, wait for the next hint


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _body(send, "retry: 2000\n\n")


async def _body(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 403, "headers": []})
    await send({"type": "http.response.body", "body": b""})
