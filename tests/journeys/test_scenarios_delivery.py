"""Acceptance scenarios 21 to 23 and 30: once, in order, and what Meta refuses."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from chatbot import rulebooks
from tenants.connections import close_all
from tenants.tasks import forget_workers, workers
from tests.journeys.shop import ANA, BETO, Shop, new_wamid, text_message
from tests.journeys.threads import at_once, until

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno", "menu_principal|2|Dos")


@pytest.fixture
def in_threads(settings: Any) -> Iterator[None]:
    """Background work in real threads, as in production."""
    settings.TASKS = {"default": {"BACKEND": "tenants.tasks.ThreadPoolBackend", "QUEUES": []}}
    settings.WORKER_THREADS = 4
    pool = workers().pool
    yield
    barrier = threading.Barrier(4)

    def leave() -> None:
        barrier.wait(10)
        close_all()
        connections.close_all()

    for _ in range(4):
        pool.submit(leave)
    forget_workers()


def test_s21_a_repeated_webhook_is_answered_once(shop: Shop) -> None:
    shop.rules(*MENU)
    wamid = new_wamid()
    for _ in range(3):
        shop.says("1", wamid=wamid)
    assert shop.out == ["Menu", "Uno"]
    assert len(shop.received()) == 1


def test_s21_a_message_repeated_within_one_webhook_is_stored_once(shop: Shop) -> None:
    shop.rules(*MENU)
    message = text_message("1")
    shop.sends(message, message, text_message("2"))
    assert [row.body for row in shop.received()] == ["1", "2"]
    assert shop.out == ["Menu", "Uno", "Dos"]


def test_s21_a_repeated_webhook_of_another_batch_adds_only_what_is_new(shop: Shop) -> None:
    shop.rules(*MENU)
    first = text_message("1")
    shop.sends(first)
    shop.sends(first, text_message("2"))
    assert [row.body for row in shop.received()] == ["1", "2"]
    assert shop.out == ["Menu", "Uno", "Dos"]


def test_s21_the_same_webhook_at_the_same_time_is_answered_once(shop: Shop) -> None:
    shop.rules(*MENU)
    message = text_message("1")
    answers: list[int] = []

    def post() -> None:
        body = shop.envelope(contacts=[], messages=[message])
        answers.append(shop.post(body).status_code)

    at_once(*[post] * 6)
    assert answers == [200] * 6
    assert len(shop.received()) == 1
    assert shop.out == ["Menu", "Uno"]


def test_s21_two_first_messages_at_the_same_time_make_one_chat(shop: Shop) -> None:
    shop.rules(*MENU)
    at_once(lambda: shop.says("1"), lambda: shop.says("2"))
    assert len(shop.received()) == 2
    assert sorted(shop.out) == ["Dos", "Menu", "Uno"]
    assert shop.out[0] == "Menu"


def test_s21_clients_at_the_same_time_are_all_answered(shop: Shop) -> None:
    shop.rules(*MENU)
    people = [f"57300999{number:04d}" for number in range(8)]
    at_once(*(lambda by=by: shop.says("1", by=by) for by in people))
    assert {by: shop.out_to(by) for by in people} == {by: ["Menu", "Uno"] for by in people}


def test_s22_one_webhook_of_several_people_answers_each_in_order(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.sends(text_message("hola"), text_message("hola", BETO), text_message("1"))
    assert shop.out_to(ANA) == ["Menu", "Uno"]
    assert shop.out_to(BETO) == ["Menu"]
    assert [row.body for row in shop.received()] == ["hola", "hola", "1"]
    assert all(row.answered_at for row in shop.received())


def test_s23_two_texts_back_to_back_are_answered_in_order(shop: Shop, in_threads: None) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    until(lambda: shop.out == ["Menu"])
    shop.meta.delay_seconds = 0.4
    started = time.monotonic()
    shop.says("1")
    shop.says("2")
    assert time.monotonic() - started < 0.4  # a slow Meta is not the webhook's business
    until(lambda: len(shop.out) == 3)
    assert shop.out == ["Menu", "Uno", "Dos"]
    until(lambda: all(row.status == "accepted" for row in shop.sent()))


def test_s23_many_texts_of_many_people_keep_each_ones_order(shop: Shop, in_threads: None) -> None:
    shop.rules("menu_principal|iniciar|Menu", *(f"menu_principal|t{n}|R{n}" for n in range(6)))
    people = [f"57300888{number:04d}" for number in range(4)]

    def talk(by: str) -> None:
        for number in range(6):
            shop.says(f"t{number}", by=by)

    at_once(*(lambda by=by: talk(by) for by in people))
    wanted = ["Menu", *(f"R{n}" for n in range(6))]
    until(lambda: len(shop.out) == len(people) * len(wanted), seconds=20)
    assert {by: shop.out_to(by) for by in people} == dict.fromkeys(people, wanted)
    until(lambda: all(row.status == "accepted" for row in shop.sent()))


def test_s30_a_refusal_is_kept_with_its_reason_in_spanish(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.meta.fail_next(131030)
    shop.says("hola")
    assert shop.out == []
    row = shop.last_sent()
    assert (row.status, row.error_code) == ("failed", 131030)
    assert "número" in row.error_text.lower() or "lista" in row.error_text.lower()
    assert row.failed_at is not None
    assert shop.attention() == "envio_fallido"
    assert shop.step() == "menu_principal"


def test_s30_a_refusal_does_not_stop_the_flow(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M|a,b", "a|*|AAA", "b|*|BBB")
    shop.meta.fail_next(131030)
    shop.says("hola")
    assert shop.out == ["AAA", "BBB"]
    assert [row.status for row in shop.sent()] == ["failed", "accepted", "accepted"]
    assert shop.step() == "b"


@pytest.mark.parametrize("trouble", ["lost", "500", "drop"])
def test_s30_trouble_on_the_way_is_no_trouble_of_the_webhook(shop: Shop, trouble: str) -> None:
    shop.rules(*MENU)
    shop.meta.fail_next(trouble)
    shop.says("hola")  # asserts the 200
    assert shop.last_sent().status in ("sending", "queued")
    shop.wait_over()
    shop.sweep()
    assert shop.out[-1] == "Menu"
    assert shop.last_sent().status == "accepted"


def test_a_digest_that_breaks_is_finished_by_the_retry(shop: Shop) -> None:
    """The first attempt stored the message; what came after failed."""
    shop.rules(*MENU)
    wamid = new_wamid()
    with shop.inside():
        rulebooks.forget()
    shop.says("1", wamid=wamid)
    with shop.inside():  # as if the process had died before deciding
        from conversations.models import Message

        Message.objects.filter(direction="out").delete()
        Message.objects.filter(wamid=wamid).update(status="received", answered_at=None)
        shop.session().delete()
    before = len(shop.out)
    shop.says("1", wamid=wamid)
    assert shop.out[before:] == ["Menu", "Uno"]
    assert len(shop.received()) == 1


def test_the_sweep_answers_what_a_crash_left_behind(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    with shop.inside():
        from conversations.models import Message

        Message.objects.filter(direction="in").update(status="received", answered_at=None)
        shop.session().delete()
    assert shop.heard_after(shop.sweep) == ["Menu"]
    assert shop.heard_after(shop.sweep) == []
