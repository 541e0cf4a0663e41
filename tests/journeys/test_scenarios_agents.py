"""Acceptance scenarios 19, 20, 24 and what belongs to them: people, commands, silence."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chatbot import services as bot
from chatbot import tasks
from conversations import services
from conversations.models import Conversation, Message
from tests.journeys.shop import BETO, Shop

GOODBYE = "Tu sesión ha terminado por inactividad. Hemos reiniciado la conversación."


def menu(shop: Shop) -> None:
    shop.rules(
        "menu_principal|iniciar|Menu",
        "menu_principal|1|Uno|paso_uno",
        "paso_uno|*|En uno",
        "paso_uno|volver|Va|menu_principal",
    )


def replies(shop: Shop, text: str, quote: Message | None = None, key: str = "") -> Message:
    """Agent eva writes to Ana."""
    from tenants.models import User

    chat = shop.chat()
    with shop.inside():
        eva = User.objects.filter(username="eva").first() or shop.agent("eva", "admin")
        return services.reply_as_agent(chat, text, agent=eva, quote=quote, key=key)


def finish(shop: Shop) -> None:
    agent = shop.agent("fin", "admin")
    chat = shop.chat()
    with shop.inside():
        bot.finish_chat(chat, agent)


def back_to_bot(shop: Shop, step: str = "") -> None:
    chat = shop.chat()
    with shop.inside():
        bot.resume_bot(chat, step)


def test_s19_an_agents_answer_takes_the_chat_from_the_bot(shop: Shop) -> None:
    menu(shop)
    asked = shop.says("hola")
    question = shop.received()[-1]
    replies(shop, "Soy Eva", quote=question)
    assert shop.out == ["Menu", "Soy Eva"]
    assert shop.bodies[-1]["context"] == {"message_id": asked}
    assert shop.chat().handler == Conversation.Handler.AGENT
    sent = shop.last_sent()
    assert (sent.author, sent.status, sent.context_wamid) == ("agent", "accepted", asked)
    assert sent.agent_id is not None


def test_s19_while_an_agent_answers_the_bot_only_listens(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    replies(shop, "Soy Eva")
    assert shop.heard_after(lambda: shop.says("1")) == []
    assert [message.body for message in shop.received()] == ["hola", "1"]
    assert shop.meta.receipts == []
    assert shop.step() == "menu_principal"
    assert shop.received()[-1].answered_at is not None


def test_s19_back_with_the_bot_the_flow_goes_on(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    replies(shop, "Soy Eva")
    shop.says("espero")
    back_to_bot(shop)
    assert shop.out == ["Menu", "Soy Eva"]
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno", "En uno"]


def test_s19_back_with_the_bot_at_a_step_sends_its_prompt(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    replies(shop, "Soy Eva")
    assert shop.heard_after(lambda: back_to_bot(shop, "paso_uno")) == ["En uno"]
    assert shop.step() == "paso_uno"
    assert shop.chat().handler == Conversation.Handler.BOT


def test_back_with_the_bot_works_for_a_contact_without_session(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    replies(shop, "Soy Eva")
    with shop.inside():
        shop.session().delete()
    assert shop.heard_after(lambda: back_to_bot(shop, "paso_uno")) == ["En uno"]


def test_finishing_a_chat_says_goodbye_and_starts_again(shop: Shop) -> None:
    menu(shop)
    shop.set_env(CLOSING_MESSAGE="Fue un placer")
    shop.says("1")
    replies(shop, "Soy Eva")
    assert shop.heard_after(lambda: finish(shop)) == ["Fue un placer"]
    assert shop.chat().handler == Conversation.Handler.BOT
    assert shop.heard_after(lambda: shop.says("hola")) == ["Menu"]


def test_finishing_a_chat_without_closing_message_uses_that_of_the_timeout(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    assert shop.heard_after(lambda: finish(shop)) == [GOODBYE]


def test_finishing_a_chat_with_the_window_closed_sends_nothing(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.silence(hours=25)
    calls = len(shop.meta.graph.memory.calls)
    finish(shop)
    assert len(shop.meta.graph.memory.calls) == calls
    assert not shop.session().is_open


def test_the_bot_wakes_up_after_an_agents_silence_if_the_company_wants(shop: Shop) -> None:
    menu(shop)
    shop.set_env(AGENT_TIMEOUT_SECONDS="600")
    shop.says("hola")
    replies(shop, "Soy Eva")
    assert shop.heard_after(lambda: shop.says("1")) == []
    with shop.inside():
        Conversation.objects.update(agent_spoke_at=timezone.now() - timedelta(seconds=601))
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno", "En uno"]
    assert shop.chat().handler == Conversation.Handler.BOT


def test_an_agents_silence_never_wakes_the_bot_by_default(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    replies(shop, "Soy Eva")
    with shop.inside():
        Conversation.objects.update(agent_spoke_at=timezone.now() - timedelta(days=3))
    shop.job(tasks.wake_bots)
    assert shop.heard_after(lambda: shop.says("1")) == []


def test_what_the_owner_types_in_the_phone_app_silences_the_bot(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    echo = {
        "from": "15550000111",
        "to": shop.contact().wa_id,
        "id": "wamid.echo",
        "timestamp": str(int(timezone.now().timestamp())),
        "type": "text",
        "text": {"body": "Te respondo yo"},
    }
    shop.post(shop.envelope("smb_message_echoes", message_echoes=[echo]))
    assert shop.last_sent().author == "phone_app"
    assert shop.heard_after(lambda: shop.says("1")) == []
    assert shop.chat().handler == Conversation.Handler.AGENT


@pytest.mark.parametrize("text", ["necesito AYUDA ya", "Menú", "quiero volver al inicio"])
def test_s20_a_global_command_starts_again_from_any_step(shop: Shop, text: str) -> None:
    menu(shop)
    shop.says("1")
    told = shop.heard_after(lambda: shop.says(text))
    assert told == ["Perfecto, volvamos a empezar.", "Menu"]
    assert shop.step() == "menu_principal"


def test_s20_the_welcome_after_a_command_may_be_the_anything_rule(shop: Shop) -> None:
    shop.rules("menu_principal|*|Hola", "menu_principal|1|Uno|paso_uno", "paso_uno|*|En uno")
    shop.says("1")
    told = shop.heard_after(lambda: shop.says("ayuda"))
    assert told == ["Perfecto, volvamos a empezar.", "Hola"]


def test_s20_part_of_a_word_is_no_command(shop: Shop) -> None:
    menu(shop)
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("los menus")) == []


def test_s20_commands_do_nothing_while_an_agent_answers(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    replies(shop, "Soy Eva")
    assert shop.heard_after(lambda: shop.says("ayuda")) == []
    assert shop.step() == "paso_uno"


def test_s24_after_long_silence_the_client_is_told_and_starts_again(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.silence(hours=2)
    told = shop.heard_after(lambda: shop.says("1"))
    assert told == [GOODBYE, "Menu", "Uno", "En uno"]


def test_s24_the_job_closes_an_idle_session_once(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.silence(hours=2)
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == [GOODBYE]
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    assert not shop.session().is_open
    assert shop.heard_after(lambda: shop.says("hola")) == ["Menu"]


def test_s24_a_session_in_use_is_not_closed(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.silence(minutes=29)
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    assert shop.session().is_open


def test_s24_the_bots_own_words_do_not_keep_a_session_open(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.silence(hours=2)
    with shop.inside():
        Message.objects.filter(direction="out").update(at=timezone.now())
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == [GOODBYE]


def test_s24_an_agents_chat_is_left_alone(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    replies(shop, "Soy Eva")
    shop.silence(hours=2)
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    assert shop.session().is_open


def test_s24_outside_the_window_the_session_closes_in_silence(shop: Shop) -> None:
    menu(shop)
    shop.says("1")
    shop.silence(hours=25)
    sent = len(shop.sent())
    shop.job(tasks.close_idle_sessions)
    assert not shop.session().is_open
    assert len(shop.sent()) == sent
    assert shop.heard_after(lambda: shop.says("hola")) == ["Menu"]


def test_s24_a_company_may_choose_its_own_time_and_words(shop: Shop) -> None:
    menu(shop)
    shop.set_env(SESSION_TIMEOUT="10800", SESSION_TIMEOUT_MESSAGE="¿Sigues ahí?")
    shop.says("1")
    shop.silence(hours=2)
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    shop.silence(hours=4)
    assert shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == ["¿Sigues ahí?"]


def test_s24_each_company_closes_its_own_sessions(shop: Shop, other_shop: Shop) -> None:
    menu(shop)
    menu(other_shop)
    shop.says("1")
    other_shop.says("1", by=BETO)
    shop.silence(hours=2)
    other_shop.silence(BETO, hours=2)
    assert other_shop.heard_after(lambda: shop.job(tasks.close_idle_sessions)) == []
    assert other_shop.session(BETO).is_open
