"""While a company has not paid its messages are kept, and nothing leaves in its name."""

from datetime import timedelta

import pytest

from chatbot import tasks
from chatbot.services import resume_bot
from conversations.models import Message
from conversations.services import queue
from conversations.whatsapp import outbound
from tenants.models import Tenant, today
from tests.journeys.shop import BETO, Shop, outside

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno")


@pytest.fixture
def owing(shop: Shop) -> Shop:
    """A client knows the bot; then the paid time ends."""
    shop.rules(*MENU)
    shop.says("hola")
    assert shop.out == ["Menu"]
    pay(shop, -1)
    return shop


def pay(shop: Shop, days: int) -> None:
    last = today() + timedelta(days=days)
    Tenant.objects.filter(pk=shop.tenant.pk).update(paid_until=last)
    shop.tenant = Tenant.objects.get(pk=shop.tenant.pk)


def attention(shop: Shop, by: str) -> str:
    with shop.inside():
        chat = shop.contact(by).conversations.get()
        return str(chat.attention)


def queued_by_a_person(shop: Shop, text: str) -> Message:
    def act() -> Message:
        with shop.inside():
            return queue(shop.chat(), outbound.text(text), body=text, author=Message.Author.AGENT)

    message: Message = outside(act)
    return message


def test_messages_are_kept_and_the_bot_is_silent(owing: Shop) -> None:
    assert owing.heard_after(lambda: owing.says("1")) == []
    assert owing.heard_after(lambda: owing.says("hola", by=BETO)) == []  # also to somebody new
    assert [row.body for row in owing.received()] == ["hola", "1", "hola"]


def test_after_the_payment_old_messages_wait_for_people(owing: Shop) -> None:
    owing.says("1")
    owing.says("hola", by=BETO)
    pay(owing, 30)
    assert owing.heard_after(owing.sweep) == []
    assert {attention(owing, by) for by in ("573001112233", BETO)} == {"sin_pago"}
    assert owing.heard_after(lambda: owing.says("1")) == ["Uno"]
    assert owing.heard_after(lambda: owing.says("hola", by=BETO)) == ["Menu"]
    assert attention(owing, BETO) == "sin_pago"  # a person still has to look


def test_what_was_queued_fails_with_the_reason_and_never_leaves(owing: Shop) -> None:
    message = queued_by_a_person(owing, "Ya le ayudo")
    assert owing.heard_after(owing.sweep) == []
    with owing.inside():
        message.refresh_from_db()
    assert message.status == "failed"
    assert "suscripción" in message.error_text
    assert attention(owing, "573001112233") == "envio_fallido"
    pay(owing, 30)
    assert owing.heard_after(owing.sweep) == []


def test_idle_sessions_close_without_a_word(owing: Shop) -> None:
    owing.silence(hours=2)
    assert owing.heard_after(lambda: owing.job(tasks.close_idle_sessions)) == []
    pay(owing, 30)
    assert owing.heard_after(lambda: owing.job(tasks.close_idle_sessions)) == []
    assert owing.heard_after(lambda: owing.says("1")) == ["Menu", "Uno"]


def test_not_even_a_superadmin_sends_in_its_name(owing: Shop) -> None:
    def give_back() -> None:
        with owing.inside():
            resume_bot(owing.chat(), "menu_principal")

    assert owing.heard_after(lambda: outside(give_back)) == []
