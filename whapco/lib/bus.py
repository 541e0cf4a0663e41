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

logger = logging.getLogger(__name__)
Hint = dict[str, Any]
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
    """Across processes, by Redis publish/subscribe."""

    PREFIX = "whapco:"

    def __init__(self, url: str) -> None:
        import redis

        self._url = url
        self._client = redis.Redis.from_url(url, socket_timeout=5)

    def publish(self, channel: str, hint: Hint) -> None:
        import redis

        try:
            self._client.publish(self.PREFIX + channel, json.dumps(hint))
        except redis.RedisError:  # pages poll meanwhile; answering customers goes on
            logger.warning("Redis does not answer: live hints are not sent", exc_info=True)

    async def subscribe(self, channel: str) -> AsyncIterator[Hint]:
        import redis.asyncio

        client = redis.asyncio.Redis.from_url(self._url)
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
