"""Agent and bot on one chat: who answers, and what silence means while an agent does."""

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone

from chatbot import services, tasks
from chatbot.decisions import Decided, store
from chatbot.services import sessions
from conversations import inbox
from conversations.models import Conversation
from conversations.services import hand_over, reply_as_agent
from tests.journeys.shop import ANA, Shop, text_message

MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno", "menu_principal|2|Dos")


def in_hands_of_an_agent(shop: Shop, spoke_ago: timedelta = timedelta(0)) -> None:
    with shop.inside():
        Conversation.objects.update(
            handler=Conversation.Handler.AGENT, agent_spoke_at=timezone.now() - spoke_ago
        )


def test_a_contact_who_talked_with_an_agent_was_not_silent(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.silence(hours=2)
    in_hands_of_an_agent(shop)
    shop.says("gracias")
    with shop.inside():
        services.resume_bot(shop.chat())
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]


def test_what_a_contact_says_to_an_agent_opens_no_closed_session(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    with shop.inside():
        services.finish_chat(shop.chat())
    in_hands_of_an_agent(shop)
    shop.says("gracias")
    with shop.inside():
        services.resume_bot(shop.chat())
    assert shop.heard_after(lambda: shop.says("1")) == ["Menu", "Uno"]


def test_handing_over_counts_at_once_also_after_an_agent_of_long_ago(shop: Shop) -> None:
    shop.set_env(AGENT_TIMEOUT_SECONDS="60")
    shop.rules(*MENU)
    shop.rule("menu_principal|asesor|Ya te atienden", hands_over=True)
    shop.says("hola")
    with shop.inside():
        Conversation.objects.update(agent_spoke_at=timezone.now() - timedelta(hours=2))
    heard = shop.heard_after(lambda: shop.sends(text_message("asesor"), text_message("1")))
    assert heard == ["Ya te atienden"]
    assert shop.chat().agent_in_charge


def test_an_agent_who_writes_just_when_the_bot_wakes_keeps_the_chat(shop: Shop) -> None:
    shop.set_env(AGENT_TIMEOUT_SECONDS="60")
    shop.rules(*MENU)
    shop.says("hola")
    in_hands_of_an_agent(shop, timedelta(hours=2))
    with shop.inside(), inbox.hold(shop.chat().pk, sessions) as work:
        decided = Decided(work, timezone.now(), None, had_session=True)
        decided.set_handler(Conversation.Handler.BOT)  # the agent was silent for too long ...
        hand_over(shop.chat(), agent=None)  # ... until now
        with suppress(inbox.LeaseLost):
            store([decided])
    assert shop.chat().agent_in_charge


def test_an_agents_word_clears_every_flag(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.says("xyz")
    assert shop.attention() == "sin_regla"
    with shop.inside():
        reply_as_agent(shop.chat(), "dime", agent=shop.agent("luz"))
    assert shop.attention() == ""


def test_a_rule_that_understands_does_not_hide_a_failed_message(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    shop.meta.fail_next(131030)
    shop.says("1")
    assert shop.attention() == "envio_fallido"
    shop.says("xyz")
    shop.says("2")
    assert shop.attention() == "envio_fallido"


def test_a_closed_window_gets_no_goodbye_and_no_flag(shop: Shop) -> None:
    """The session knows when we read the message, the window when WhatsApp took it."""
    shop.rules(*MENU)
    shop.says("hola")
    shop.silence(hours=2)
    with shop.inside():
        Conversation.objects.update(window_closes_at=timezone.now() - timedelta(minutes=1))
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    assert not shop.session().is_open
    assert shop.attention() == ""


def test_a_button_without_id_counts_as_its_title(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.says("hola")
    message = text_message("", ANA) | {"type": "button", "button": {"text": "1"}}
    assert shop.heard_after(lambda: shop.sends(message)) == ["Uno"]
