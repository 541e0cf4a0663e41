"""Hints to open browsers: "something happened in this chat". Never customer data.

A lost hint loses nothing: the page fetches what is newer than what it has.
"""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from typing import Any, Protocol

from django.conf import settings

from whapco.lib.courier import Courier

logger = logging.getLogger(__name__)
Hint = dict[str, Any]
TO_ALL: Hint = {"chat": 0, "last": 0}  # something of the whole company changed
QUEUE_LIMIT = 200  # a reader this far behind refetches anyway


class Bus(Protocol):
    def publish(self, channel: str, hint: Hint) -> None: ...

    def subscribe(self, channel: str) -> AsyncIterator[Hint]: ...


class MemoryBus:
    """Inside one process."""

    def __init__(self) -> None:
        self._readers: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Hint]]]] = {}
        self._lock = threading.Lock()

    def publish(self, channel: str, hint: Hint) -> None:
        with self._lock:
            readers = list(self._readers.get(channel, ()))
        for loop, queue in readers:
            loop.call_soon_threadsafe(_offer, queue, hint)

    async def subscribe(self, channel: str) -> AsyncIterator[Hint]:
        reader = (asyncio.get_running_loop(), asyncio.Queue[Hint](QUEUE_LIMIT))
        with self._lock:
            self._readers.setdefault(channel, set()).add(reader)
        try:
            while True:
                yield await reader[1].get()
        finally:
            with self._lock:
                self._readers[channel].discard(reader)


class RedisBus:
    """Across processes, by Redis publish/subscribe. While Redis is away pages end, and fetch at
    each return what they would have been told of."""

    PREFIX = "whapco:"

    def __init__(self, url: str) -> None:
        import redis

        self._url = url
        self._client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._courier = Courier("Redis", self._carry)

    def publish(self, channel: str, hint: Hint) -> None:
        """At once: who publishes may be a company's database thread."""
        self._courier.give((self.PREFIX + channel, json.dumps(hint)))

    def _carry(self, hint: tuple[str, str]) -> None:
        self._client.publish(*hint)

    async def subscribe(self, channel: str) -> AsyncIterator[Hint]:
        """Ends when Redis goes away."""
        import redis

        try:
            async for hint in self._listen(channel):
                yield hint
        except redis.RedisError as error:
            logger.warning("Redis does not answer (%s): open pages ask by themselves", error)

    async def _listen(self, channel: str) -> AsyncIterator[Hint]:
        import redis.asyncio
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        at_once = Retry(NoBackoff(), 0)  # pages poll meanwhile: they must hear of it
        client = redis.asyncio.Redis.from_url(self._url, socket_connect_timeout=2, retry=at_once)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(self.PREFIX + channel)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    yield json.loads(message["data"])


def _offer(queue: "asyncio.Queue[Hint]", hint: Hint) -> None:
    if not queue.full():
        queue.put_nowait(hint)


bus: Bus = RedisBus(settings.REDIS_URL) if settings.REDIS_URL else MemoryBus()
publish = bus.publish
subscribe = bus.subscribe
