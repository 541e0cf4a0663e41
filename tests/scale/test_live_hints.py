"""Hints to open pages go from process to process over Redis; without it nothing else breaks."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.crash.door import Door
from tests.scale.conftest import MakeCluster, url_of

LOGIN = """
from django.test import Client
from tenants import registry
from tenants.context import tenant_context
from tenants.models import User
from tenants.sessions import Cookie
client, company = Client(), registry.control_scope()
with tenant_context(company):
    User.objects.filter(username="admin").update(must_change_password=False)
    admin = User.objects.get(username="admin")
    client.force_login(admin, "django.contrib.auth.backends.ModelBackend")
    print(Cookie(company.key, client.session.session_key))
"""


@pytest.fixture
def redis_door() -> Iterator[Door]:
    port = urlsplit(url_of("redis")).port
    assert port is not None
    door = Door(port)
    yield door
    door.shut()


@pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True)
def test_a_page_hears_of_what_a_worker_stored_and_redis_may_go(
    make_cluster: MakeCluster, redis_door: Door
) -> None:
    cluster = make_cluster(3, REDIS_URL=f"redis://127.0.0.1:{redis_door.port}/0")
    line, cookies = cluster.line, {"whapco_session": cluster.web[0].run(LOGIN).strip()}
    line.meta.delay_seconds = 1
    cluster.start()

    def page() -> requests.Response:
        url = f"{cluster.web[0].url}/eventos"
        return requests.get(url, cookies=cookies, stream=True, timeout=30)

    def hears_of_a_reply(opened: requests.Response, number: int) -> None:
        """The first hint is the web process's; Meta takes a second, then the worker's comes."""
        line.says("573001112233", number)
        hints = (text for text in lines(opened) if text.startswith("data:"))
        for _ in range(2):
            assert next(hints, None), "the stream ended without the hint"
        line.wait_until_quiet(30)

    with page() as opened:
        assert opened.status_code == 200
        hears_of_a_reply(opened, 1)
        redis_door.shut()
        for _text in lines(opened):  # it ends: the page polls
            pass
    line.says("573001112233", 2)
    line.wait_until_quiet(30)
    assert line.heard() == {"573001112233": ["r1", "r2"]}
    redis_door.open()
    with page() as opened:
        hears_of_a_reply(opened, 3)


def lines(opened: requests.Response) -> Iterator[str]:
    for text in opened.iter_lines(chunk_size=1, decode_unicode=True):
        assert not text.startswith(":"), "a heartbeat: nothing was heard for 20 s"
        if text:
            yield text
