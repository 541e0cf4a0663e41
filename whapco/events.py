"""GET /eventos: hints to an open page by server-sent events. The company comes from the verified
session, never from the request alone; audience.py says which hints its user may get."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from tenants.databases import is_outage
from tenants.sessions import InMaintenance
from whapco.audience import Page, Visitor, join, leave, visitor_of

HEARTBEAT_SECONDS = 20  # proxies close silent connections

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def stream(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Ends when the page leaves, the server stops, or the session is no longer valid."""
    try:
        visitor = await asyncio.to_thread(_visitor, scope)
    except Exception as error:
        if not (isinstance(error, InMaintenance) or is_outage(error)):
            raise
        await _put_off(send)
        return
    if visitor is None:
        await _refuse(send)
        return
    page = join(visitor)
    try:
        await asyncio.sleep(0)  # the company's subscription begins before the page believes it
        await _start(send)
        await _serve(page, receive, send)
    finally:
        leave(page)


async def _serve(page: Page, receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_until_gone(receive))
    hints = asyncio.create_task(_pass_hints(page, send))
    try:
        await asyncio.wait({gone, hints}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:  # the server stops; the page reconnects by itself
        pass
    finally:
        gone.cancel()
        hints.cancel()


def _visitor(scope: dict[str, Any]) -> Visitor | None:
    """Who asks, by the session that the request carries, if it is valid in the company it names."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    query = parse_qs(scope["query_string"].decode("latin-1"))
    asked = {headers.get(settings.TENANT_HEADER.lower(), ""), query.get("tenant", [""])[-1]} - {""}
    visitor = visitor_of(morsel.value) if morsel else None
    return visitor if visitor is not None and asked <= {visitor.company} else None


async def _pass_hints(page: Page, send: Send) -> None:
    while not page.is_over:
        try:
            hint = await asyncio.wait_for(page.hints.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            await _body(send, ": sigo aquí\n\n")
            continue
        if hint is not None:
            await _body(send, f"data: {json.dumps(hint)}\n\n")


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


async def _put_off(send: Send) -> None:
    """An empty stream: the browser comes back by itself, which it does after no kind of error."""
    await _start(send)
    await send({"type": "http.response.body", "body": b""})


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 403, "headers": []})
    await send({"type": "http.response.body", "body": b""})
