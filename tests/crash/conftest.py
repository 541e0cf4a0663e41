"""A server of one's own for each test: these tests kill it."""

from collections.abc import Callable, Iterator

import pytest

from tests.crash.line import Line
from tests.meta import FakeMeta
from tests.servers import Server

MakeLine = Callable[..., Line]


@pytest.fixture
def make_line() -> Iterator[MakeLine]:
    """`make_line(texts, *uvicorn_options, **environment)`: prepared, not started."""
    meta = FakeMeta()
    meta.graph.switches.statuses = False
    servers: list[Server] = []

    def make(texts: int, *options: str, **env: str) -> Line:
        servers.append(Server(meta, *options, **env))
        return Line(meta, servers[-1], texts)

    yield make
    for server in servers:
        server.close()
    meta.close()
