"""The doors that do not pass through Django's middleware: the event stream and the webhook."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from whapco.isolation.addresses import Address, Target
from whapco.isolation.asking import Answer
from whapco.isolation.people import WAYS, Knock, Person, Way, World, knock
from whapco.isolation.verdicts import Request
from whapco.isolation.walk import Row, Walk
from whapco.isolation.webhooks import Post, posts, signature
from whapco.lib import bus

EVENTS = Address("eventos (ASGI)", "", (Target("/eventos"),))
WEBHOOK = Address("webhook (ASGI)", "", (Target("/webhook"),))
LISTEN_SECONDS = 10
Sent = list[dict[str, Any]]


def walk_native(walk: Walk) -> None:
    """Adds its rows and findings to those of `walk`, which has run. A loop for each request:
    Django refuses its database where one is running."""
    events, webhook = Row(EVENTS, ("GET",)), Row(WEBHOOK, ("POST",))
    walk.rows += [events, webhook]
    for person in walk.world.strangers:
        for way in WAYS:
            if person.user is not None or not way.needs_session:
                _listen(walk, events, person, way)
    for post in posts(walk.world):
        _post(walk, webhook, post)


def _listen(walk: Walk, row: Row, person: Person, way: Way) -> None:
    answer = asyncio.run(_heard(walk.world, person, knock(walk.world, person, way)))
    _settle(walk, row, Request("GET", EVENTS, EVENTS.targets[0], person, way), answer)


async def _heard(world: World, person: Person, carried: Knock) -> Answer:
    """The status of the stream and, when it opens, all it says until a hint for the person's own
    company has come: those for B were published before it."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={carried.cookie}"
    scope = _scope("GET", "/eventos", {"cookie": cookie, **dict(carried.headers)}, carried.query)
    sent: Sent = []
    gone = asyncio.Event()
    stream = asyncio.create_task(_call(scope, b"", sent, gone))
    deadline = time.monotonic() + LISTEN_SECONDS
    while not stream.done() and b'"own"' not in _body(sent) and time.monotonic() < deadline:
        bus.publish(world.other.key, {"chat": world.other.marks.text("eventos")})
        bus.publish(person.tenant.key, {"chat": "own"})
        await asyncio.sleep(0.02)
    gone.set()
    await stream
    return _answer(sent)


def _post(walk: Walk, row: Row, post: Post) -> None:
    body = json.dumps(post.body).encode()
    headers = {settings.TENANT_HEADER: post.header} if post.header else {}
    if post.is_signed:
        headers["X-Hub-Signature-256"] = signature(body, walk.world.own.tenant.app_secret)
    query = urlencode({"tenant": post.query}) if post.query else ""
    sent: Sent = []
    asyncio.run(_call(_scope("POST", "/webhook", headers, query), body, sent))
    way = Way("native", post.title, is_own=post.is_accepted)
    request = Request("POST", WEBHOOK, WEBHOOK.targets[0], walk.world.admin, way)
    _settle(walk, row, request, _answer(sent))


def _settle(walk: Walk, row: Row, request: Request, answer: Answer) -> None:
    walk.settle(row, request, answer)
    walk.settle_changes(request, answer)


async def _call(
    scope: dict[str, Any], body: bytes, sent: Sent, gone: asyncio.Event | None = None
) -> None:
    """Ask the ASGI application, which adds to `sent`; `gone`: the browser has closed the page."""
    from whapco.asgi import application  # sets Django up: not while apps are loading

    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not pending:
            await (gone or asyncio.Event()).wait()
            return {"type": "http.disconnect"}
        return pending.pop()

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    await application(scope, receive, send)


def _scope(method: str, path: str, headers: dict[str, str], query: str) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": raw,
    }


def _body(sent: Sent) -> bytes:
    return b"".join(event.get("body", b"") for event in sent)


def _answer(sent: Sent) -> Answer:
    """500 where the application said nothing."""
    status = next((event["status"] for event in sent if "status" in event), 500)
    return Answer(status, location="", allowed=(), content=_body(sent))
