"""A message that breaks the bot costs itself, not its contact and not the others."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError

from chatbot import services
from chatbot.handlers import HANDLERS
from conversations import inbox
from conversations.templatetags.inbox import ATTENTION
from tests.journeys.shop import ANA, BETO, Shop, text_message
from tests.tasks import run_later


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("a company's own bug")


@pytest.fixture(params=["no_database_takes_it", "it_raises"])
def poison(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Shop]:
    """A bot that breaks on "veneno" and says "Dime" to the rest."""
    answers: dict[str, Any] = {"no_database_takes_it": "\ud83d", "it_raises": Unspeakable()}
    HANDLERS["veneno"] = lambda number, text: answers[request.param]
    shop.rule("menu_principal|veneno|", handler="veneno")
    yield shop
    del HANDLERS["veneno"]


def try_again(times: int) -> None:
    for _ in range(times):
        run_later()


def test_a_poison_message_is_parked_after_three_tries_and_shown(poison: Shop) -> None:
    poison.says("veneno")
    try_again(1)
    (message,) = poison.received()
    assert (message.status, message.attempts, poison.attention()) == ("received", 2, "")
    try_again(1)
    (message,) = poison.received()
    assert (message.status, message.attempts) == ("answered", 3)
    assert poison.attention() == "error_del_bot"
    assert ATTENTION[poison.attention()] == "El bot falló con un mensaje"
    assert poison.out == []


def test_what_a_contact_says_beside_a_poison_message_is_answered(poison: Shop) -> None:
    poison.sends(text_message("hola"), text_message("veneno"), text_message("sigues?"))
    try_again(5)
    assert poison.out == ["Menu", "Dime"]
    assert {message.status for message in poison.received()} == {"answered"}
    assert [message.attempts for message in poison.received()] == [1, 3, 1]
    assert poison.heard_after(lambda: poison.says("ya")) == ["Dime"]


def test_a_poison_message_costs_no_other_contact_anything(poison: Shop) -> None:
    poison.sends(text_message("veneno", by=ANA), text_message("hola", by=BETO))
    assert poison.out_to(BETO) == ["Menu"]


def test_failures_of_the_database_cost_no_message(shop: Shop) -> None:
    shop.tenant.active = False
    shop.tenant.save()
    shop.says("hola")
    shop.tenant.active = True
    shop.tenant.save()
    chat_id = shop.chat().pk

    def busy(work: inbox.Work) -> None:
        raise OperationalError("database is locked")

    for _ in range(inbox.MAX_ATTEMPTS):
        shop.job(lambda: inbox.drain(chat_id, busy, services.sessions))
    assert shop.received()[0].status == "received"
    assert shop.heard_after(shop.sweep) == ["Menu"]
