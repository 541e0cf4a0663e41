"""Receipts, errors and their actions: what cloud-api 4.2 asks of a robust client."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from chatbot import publishing
from chatbot.models import RuleMedia
from conversations import numbers, pacing
from conversations.models import PendingStatus
from media_pipeline import services as files
from tests.journeys.shop import ANA, Shop, incoming, new_wamid

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno", "menu_principal|2|Dos")


def echo(wamid: str, text: str) -> dict[str, Any]:
    """What the owner wrote in the phone app."""
    message = incoming("text", {"body": text}, wamid=wamid)
    return message | {"from": "15550000111", "to": ANA}


def test_a_receipt_that_overtakes_its_echo_is_applied_with_it(shop: Shop) -> None:
    wamid = new_wamid()
    shop.status(wamid, "delivered")
    shop.post(shop.envelope(field="smb_message_echoes", message_echoes=[echo(wamid, "ya voy")]))
    (row,) = shop.sent()
    assert row.status == "delivered"
    with shop.inside():
        assert not PendingStatus.objects.exists()


@pytest.mark.parametrize("code", [131042, 131031, 133010, 131048])
def test_trouble_of_the_account_is_shown_for_the_number(shop: Shop, code: int) -> None:
    """CHANNEL: the message fails, the company is told, and the number is not stopped."""
    shop.rules(*MENU)
    shop.meta.fail_next(code)
    shop.says("hola")
    shop.deliver_statuses()  # some of these come in a receipt
    assert shop.last_sent().status == "failed"
    with shop.inside():
        (state,) = numbers.troubled()
        assert (state.phone_number_id, state.error_code) == ("111", code)
        assert state.reason
        assert numbers.paused() == []
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]


def test_trouble_of_the_account_in_a_receipt_is_shown_too(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.status(str(shop.last_sent().wamid), "failed", errors=[{"code": 131042, "title": "pay"}])
    with shop.inside():
        (state,) = numbers.troubled()
        assert state.error_code == 131042


def test_a_send_that_works_ends_the_trouble(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.meta.fail_next(131031)
    shop.says("hola")
    shop.says("1")
    with shop.inside():
        assert numbers.troubled() == []


def test_a_refused_token_is_shown_for_the_number(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.meta.fail_next(190)
    shop.says("hola")
    with shop.inside():
        assert [state.error_code for state in numbers.troubled()] == [190]
        assert [state.error_code for state in numbers.paused()] == [190]


def test_a_receipt_that_says_stop_opts_the_contact_out(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.status(str(shop.last_sent().wamid), "failed", errors=[{"code": 131050, "title": "stop"}])
    assert shop.contact().opted_out_at is not None


def test_a_bug_of_ours_is_logged_by_its_shape_and_not_its_content(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.rules("menu_principal|iniciar|Secreto de cocina")
    shop.meta.fail_next(131009)
    with caplog.at_level(logging.ERROR, logger="conversations.outbox"):
        shop.says("hola")
    assert "131009" in caplog.text
    assert "text" in caplog.text
    assert "cocina" not in caplog.text
    assert ANA not in caplog.text


@pytest.mark.parametrize("trouble", [130429, 131030, 190])
def test_databases_that_return_no_ids_keep_the_outcome_too(
    shop: Shop, trouble: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL, unlike MariaDB, does not tell the ids of rows made in bulk."""
    features = type(connections["t_acme"].features)
    monkeypatch.setattr(features, "can_return_rows_from_bulk_insert", False)
    shop.rules(*MENU)
    shop.meta.fail_next(trouble)
    shop.says("hola")
    row = shop.last_sent()
    assert row.status == ("failed" if trouble == 131030 else "queued")
    assert row.error_code == trouble


def test_many_chats_of_one_number_share_its_rate_without_burning_the_pair_limit() -> None:
    pacing.forget()
    with override_settings(SEND_RATE_PER_NUMBER=100.0, SEND_PAIR_BURST=2):
        waits = [pacing.wait_seconds("111", contact) for contact in range(1, 151)]
        assert [wait for wait in waits[:100] if wait] == []
        later = [wait for wait in waits[100:] if wait]
        assert len(later) >= 45
        assert max(later) > 0.3, "each is given its own turn"
        again = [pacing.wait_seconds("111", 150) for _ in range(5)]
        assert all(0 < wait < 1 for wait in again), "asking again costs neither a turn nor a pair"
    pacing.forget()


def test_a_turn_that_has_come_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    pacing.forget()
    now = [1000.0]
    monkeypatch.setattr("conversations.pacing.time.monotonic", lambda: now[0])
    with override_settings(SEND_RATE_PER_NUMBER=1.0, SEND_PAIR_BURST=45):
        assert pacing.wait_seconds("111", 1) == 0
        assert pacing.wait_seconds("111", 2) == pytest.approx(1)
        assert pacing.wait_seconds("111", 3) == pytest.approx(2)
        now[0] += 2
        assert pacing.wait_seconds("111", 2) == 0
        assert pacing.wait_seconds("111", 3) == 0
        assert pacing.wait_seconds("111", 4) > 0
    pacing.forget()


@pytest.fixture
def deaf_server() -> Iterator[str]:
    """Takes connections and closes them without a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def close_all() -> None:
            with suppress(OSError):
                while True:
                    server.accept()[0].close()

        threading.Thread(target=close_all, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_an_upload_that_is_lost_leaves_no_message_in_doubt(
    shop: Shop, tmp_path: Path, settings: Any, deaf_server: str
) -> None:
    settings.UPLOADS_DIR = tmp_path
    shop.rules("menu_principal|iniciar|M")
    rule = shop.rule("menu_principal|foto|Mira||image")
    with shop.inside():
        file = files.store(b"\x89PNG\r\n\x1a\n" + b"\0" * 64, name="a.png")
        RuleMedia.objects.create(rule=rule, kind="image", file=file)
        publishing.publish()
    shop.says("hola")
    settings.GRAPH_API_URL = deaf_server
    shop.says("foto")
    assert shop.last_sent().status == "queued"
    settings.GRAPH_API_URL = shop.meta.url
    shop.wait_over()
    shop.sweep()
    assert shop.out == ["M", "Mira"]
    assert shop.last_sent().resent_at is None
