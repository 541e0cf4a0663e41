"""Installations of several processes: web, workers, scheduler, a broker, one MariaDB."""

import os
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.crash.door import Door
from tests.meta import FakeMeta
from tests.scale.cluster import Cluster
from tests.servers import listens, on_mariadb

BROKERS = {"redis": "redis://127.0.0.1:6379/0", "rabbitmq": "amqp://guest:guest@127.0.0.1:5672//"}
MakeCluster = Callable[..., Cluster]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/scale/" in item.nodeid and "test_compose" not in item.nodeid:
            item.add_marker(pytest.mark.scale)
            if not on_mariadb():
                item.add_marker(pytest.mark.skip(reason="several machines share no SQLite file"))


def url_of(broker: str) -> str:
    """Where scripts/brokers.sh found or started it."""
    return os.environ.get(f"TEST_{broker.upper()}_URL") or BROKERS[broker]


@pytest.fixture(params=sorted(BROKERS))
def broker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_cluster(broker: str) -> Iterator[MakeCluster]:
    """`make_cluster(texts)`: prepared, not started; its doors stand before broker and database."""
    url = urlsplit(url_of(broker))
    assert url.port is not None
    assert listens(url.port), f"no {broker} at {url.hostname}:{url.port}"
    meta = FakeMeta()
    meta.graph.switches.statuses = False
    clusters: list[Cluster] = []
    doors = [Door(url.port), Door(int(os.environ.get("DB_PORT") or 3306))]

    def make(texts: int, **env: str) -> Cluster:
        address = f"127.0.0.1:{doors[0].port}"
        way = url._replace(netloc="@".join([*url.netloc.split("@")[:-1], address])).geturl()
        queue = f"whapco-test-{uuid.uuid4().hex[:8]}"
        clusters.append(Cluster(meta, *doors, broker=way, queue=queue, texts=texts, env=env))
        return clusters[-1]

    yield make
    for cluster in clusters:
        cluster.close()
    for door in doors:
        door.shut()
    meta.close()
