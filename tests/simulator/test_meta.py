"""The tests' Meta, over real HTTP."""

import json
import time

import pytest
import requests

from tests.meta import FakeMeta
from tests.simulator.calls import text_body


@pytest.fixture
def session() -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = "Bearer T1"
    return session


def messages_url(meta: FakeMeta) -> str:
    return f"{meta.url}/v23.0/111/messages"


def test_it_serves_many_calls_on_one_connection(meta: FakeMeta, session: requests.Session) -> None:
    for index in range(3):
        body = text_body(body=f"uno más: {index}")
        assert session.post(messages_url(meta), json=body).status_code == 200
    assert [call["text"]["body"][-1] for call in meta.calls] == ["0", "1", "2"]
    assert meta.sends[0][:2] == ("111", "T1")
    assert len(session.adapters["http://"].poolmanager.pools) == 1


def test_it_takes_a_file_as_requests_sends_it(meta: FakeMeta, session: requests.Session) -> None:
    answer = session.post(
        f"{meta.url}/v23.0/111/media",
        data={"messaging_product": "whatsapp"},
        files={"file": ("ñandú.png", b"\x89PNG\r\n", "image/png")},
    ).json()
    found = session.get(f"{meta.url}/v23.0/{answer['id']}").json()
    assert session.get(found["url"]).content == b"\x89PNG\r\n"


def test_a_dropped_connection_has_delivered_the_message(
    meta: FakeMeta, session: requests.Session
) -> None:
    meta.fail_next("drop")
    with pytest.raises(requests.ConnectionError):
        session.post(messages_url(meta), json=text_body())
    assert len(meta.calls) == 1


def test_a_lost_call_has_not(meta: FakeMeta, session: requests.Session) -> None:
    meta.fail_next("lost")
    with pytest.raises(requests.ConnectionError):
        session.post(messages_url(meta), json=text_body())
    assert meta.calls == []
    assert session.post(messages_url(meta), json=text_body()).status_code == 200


def test_a_timeout_has_delivered_the_message_and_reset_ends_the_wait(
    meta: FakeMeta, session: requests.Session
) -> None:
    meta.fail_next("timeout")
    with pytest.raises(requests.ReadTimeout):
        session.post(messages_url(meta), json=text_body(), timeout=0.05)
    assert len(meta.calls) == 1
    meta.reset()
    assert meta.calls == []


def test_a_slow_meta_holds_every_answer(meta: FakeMeta, session: requests.Session) -> None:
    meta.delay_seconds = 0.05
    started = time.monotonic()
    session.post(messages_url(meta), json=text_body())
    assert time.monotonic() - started >= 0.05


def test_refused_calls_are_kept_apart(meta: FakeMeta, session: requests.Session) -> None:
    broken = text_body(body="")
    assert session.post(messages_url(meta), json=broken).status_code == 400
    assert meta.refused == [(400, broken)]
    assert meta.calls == []


def test_statuses_wait_until_they_are_asked_for(meta: FakeMeta, session: requests.Session) -> None:
    session.post(messages_url(meta), json=text_body())
    posted: list[tuple[bytes, dict[str, str]]] = []
    count = meta.deliver_statuses(lambda body, headers: posted.append((body, headers)))
    found = [json.loads(body)["entry"][0]["changes"][0]["value"]["statuses"] for body, _ in posted]
    assert count == 2
    assert [statuses[0]["status"] for statuses in found] == ["sent", "delivered"]
    assert meta.deliver_statuses(lambda body, headers: None) == 0
