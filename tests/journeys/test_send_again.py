"""What was given up is sent again by hand: once for each failure, and marked."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from conversations.models import Conversation, ManualRetry, Message
from tests.journeys.shop import ANA, Shop, outside
from tests.journeys.test_agents_door import Desk
from tests.tasks import run_later


@pytest.fixture
def agent(shop: Shop) -> Client:
    return Desk(shop, "rosa").client


def failed(shop: Shop, code: int | str = 131031) -> Message:
    """The bot's answer, given up."""
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(code)
    shop.says("hola")
    shop.deliver_statuses()
    assert shop.last_sent().status == "failed"
    return shop.last_sent()


def press(client: Client, message: Message, key: object = "") -> HttpResponse:
    url = f"/chats/{message.conversation_id}/mensajes/{message.pk}/reintentar"
    answer: HttpResponse = outside(client.post, url, {"key": str(key or message.send_key)})
    run_later()
    return answer


def bubble(client: Client, message: Message) -> str:
    page = outside(client.get, f"/chats/{message.conversation_id}/")
    return str(page.content.decode())


def retries(shop: Shop) -> list[tuple[str, int | None]]:
    with shop.inside():
        rows = ManualRetry.objects.select_related("agent").order_by("pk")
        return [(row.agent.username if row.agent else "", row.error_code) for row in rows]


@pytest.mark.parametrize("code", [131031, 133010, 131030])
def test_what_failed_goes_out_when_a_person_says_so_and_tells_who(
    shop: Shop, agent: Client, code: int
) -> None:
    message = failed(shop, code)
    assert "Reintentar" in bubble(agent, message)
    answer = press(agent, message)
    assert answer.status_code == 200
    assert shop.out == ["M"]
    again = shop.last_sent()
    assert (again.pk, again.status, again.error_text) == (message.pk, "accepted", "")
    assert again.send_key != message.send_key
    assert retries(shop) == [("rosa", code)]
    page = bubble(agent, message)
    assert "Reenviado por rosa" in page
    assert "data-retry" not in page
    assert shop.attention() == ""


def test_a_second_click_and_a_colleagues_change_nothing(shop: Shop, agent: Client) -> None:
    message = failed(shop)
    for _ in range(3):
        assert press(agent, message).status_code == 200
    assert shop.out == ["M"]
    assert len(retries(shop)) == 1


def test_each_failure_can_be_sent_again_once(shop: Shop, agent: Client) -> None:
    first = failed(shop)
    shop.meta.fail_next(133010)
    press(agent, first)
    shop.deliver_statuses()
    second = shop.last_sent()
    assert (second.status, second.error_code, second.attempts) == ("failed", 133010, 1)
    assert shop.attention() == "envio_fallido"
    press(agent, first)  # the button of the first failure, still on another screen
    assert shop.out == []
    press(agent, second)
    assert shop.out == ["M"]
    assert retries(shop) == [("rosa", 131031), ("rosa", 133010)]


@pytest.mark.parametrize("code", [131026, 131021, 100])
def test_what_would_fail_again_is_refused_with_its_reason(
    shop: Shop, agent: Client, code: int
) -> None:
    message = failed(shop, code)
    assert "data-retry" not in bubble(agent, message)
    answer = press(agent, message)
    assert answer.status_code == 422
    assert "Lo mismo volvería a fallar" in answer.content.decode()
    assert shop.last_sent().status == "failed"
    assert retries(shop) == []


def test_outside_the_window_the_sentence_says_when(shop: Shop, agent: Client) -> None:
    message = failed(shop)
    shop.silence(hours=25)
    answer = press(agent, message)
    assert answer.status_code == 422
    assert "cuando el cliente vuelva a escribir" in answer.content.decode()
    shop.says("¿hola?")
    assert press(agent, message).status_code == 200
    assert "M" in shop.out_to(ANA)


def test_an_old_receipt_of_the_failed_try_says_nothing_of_the_new_one(
    shop: Shop, agent: Client
) -> None:
    message = failed(shop, 131042)
    press(agent, message)
    receipt: dict[str, Any] = {"errors": [{"code": 131042, "title": "x"}]}
    receipt["biz_opaque_callback_data"] = str(message.send_key)
    shop.status(message.wamid or "wamid.old", "failed", **receipt)
    assert shop.last_sent().status == "accepted"


def test_the_agent_of_others_chats_finds_nothing(shop: Shop, agent: Client) -> None:
    message = failed(shop)
    other = shop.agent("otra")
    with shop.inside():
        Conversation.objects.update(assigned_to=other)
    assert press(agent, message).status_code == 404
    assert shop.out == []


def test_a_message_that_is_on_its_way_has_no_button(shop: Shop, agent: Client) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    message = shop.last_sent()
    assert not re.search("data-retry", bubble(agent, message))
    assert press(agent, message).status_code == 200
    assert shop.out == ["M"]
