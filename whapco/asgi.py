"""ASGI: Django behind a pool of WSGI threads, with two native doors in front of it.

Django under plain ASGI opens a database connection per request (a quarter of the throughput), so
it runs as WSGI; the event loop stays free for `/eventos` (open pages) and `/webhook` (Meta).
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor  # noqa: TID251  (no tenant crosses: see door)
from typing import Any, cast
from urllib.parse import parse_qs

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402

from chatbot.webhook import Answer, receive_soon  # noqa: E402
from tenants.connections import close_old  # noqa: E402
from whapco.events import stream  # noqa: E402
from whapco.startup import start, stop  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

logger = logging.getLogger(__name__)
DOOR_THREADS = 2  # they wait for no company; twelve cost a third of the throughput
_wsgi: Any = WSGIMiddleware(cast(Any, _django), workers=settings.WEB_THREADS)
_webhook_threads = ThreadPoolExecutor(DOOR_THREADS, thread_name_prefix="webhook")


async def application(scope: Scope, receive_event: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive_event, send)
    elif scope["path"] == "/eventos":
        await stream(scope, receive_event, send)
    elif scope["path"] == "/webhook" and scope["method"] == "POST":
        await _webhook(scope, receive_event, send)
    else:
        await _wsgi(scope, receive_event, send)


async def _lifespan(receive_event: Receive, send: Send) -> None:
    while True:
        event = await receive_event()
        if event["type"] == "lifespan.startup":
            await asyncio.to_thread(start)
            await send({"type": "lifespan.startup.complete"})
        else:
            await asyncio.to_thread(stop)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _webhook(scope: Scope, receive_event: Receive, send: Send) -> None:
    """The same as Django's view, without the middleware it does not need."""
    body = await _read_body(receive_event)
    if body is None:
        await _respond(send, 413, "")
        return
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"))
    asked = (headers.get(settings.TENANT_HEADER.lower(), ""), query.get("tenant", [""])[-1])
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    _webhook_threads.submit(
        _receive, body, headers.get("x-hub-signature-256"), asked, _answering(answered)
    )
    answer = await answered
    await _respond(send, answer.status, answer.text)


def _receive(body: bytes, header: str | None, asked: tuple[str, str], answer: Any) -> None:
    try:
        close_old()
        receive_soon(body, header, asked).add_done_callback(lambda done: answer(done.result()))
    except Exception:  # the pool's door: Meta must not wait for an answer that never comes
        logger.exception("A webhook failed: Meta will try again")
        answer(Answer(500))


def _answering(answered: "asyncio.Future[Answer]") -> Callable[[Answer], object]:
    """Hands the answer over from whatever thread has it."""
    loop = answered.get_loop()

    def settle(answer: Answer) -> None:
        if not answered.done():  # the connection may be gone
            answered.set_result(answer)

    return lambda answer: loop.call_soon_threadsafe(settle, answer)


async def _read_body(receive_event: Receive) -> bytes | None:
    """None when it is larger than anything Meta sends."""
    parts, size = [], 0
    while True:
        event = await receive_event()
        if event["type"] == "http.disconnect":
            return None
        part = event.get("body", b"")
        size += len(part)
        if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return None
        parts.append(part)
        if not event.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, status: int, text: str) -> None:
    content = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
