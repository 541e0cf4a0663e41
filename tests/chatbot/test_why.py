"""¿Por qué contestó esto?, asked of messages that really went out."""

import pytest
from django.test import Client

from chatbot import drafts, publishing, tasks
from chatbot.explaining import Cause
from chatbot.models import Rule, RuleEdit
from chatbot.why import FALLBACK, TIMEOUT, Why, why
from conversations.models import Message
from tests.journeys.conftest import shop  # noqa: F401  (fixture)
from tests.journeys.shop import Shop

# ruff: noqa: F811


@pytest.fixture
def menu(shop: Shop) -> Shop:
    shop.rules(
        "menu_principal|iniciar|Hola",
        "menu_principal|1|Uno|uno",
        "uno|*|Estás en uno",
        "uno|atrás|Vuelves|menu_principal",
    )
    shop.set_env(FALLBACK_TEXT="No entendí")
    return shop


def asked(shop: Shop, body: str) -> Why:
    """Of the last message with that text."""
    with shop.inside():
        return why(Message.objects.filter(author="bot", body=body).latest("pk"))


def cause(shop: Shop, body: str) -> Cause:
    found = asked(shop, body).explanation
    assert found is not None
    return found.cause


def test_each_message_of_a_conversation_has_its_own_reason(menu: Shop) -> None:
    for text in ("buenas", "qué", "1", "lo que sea", "ATRÁS", "menú"):
        menu.says(text)
    assert menu.out[:4] == ["Hola", "No entendí", "Uno", "Estás en uno"]
    not_understood = asked(menu, "No entendí")
    assert (not_understood.source, not_understood.step) == (FALLBACK, "menu_principal")
    assert [one.rule.trigger for one in not_understood.tried] == ["iniciar", "1"]
    assert cause(menu, "Uno") is Cause.TEXT
    assert cause(menu, "Estás en uno") is Cause.ANYTHING
    assert cause(menu, "Vuelves") is Cause.TEXT
    assert cause(menu, "Hola") is Cause.RESTART
    with menu.inside():
        first = Message.objects.filter(author="bot").earliest("pk")
        found, entered = why(first), why(Message.objects.filter(body="Estás en uno").earliest("pk"))
    assert found.explanation is not None
    assert found.explanation.cause is Cause.WELCOME
    assert entered.explanation is not None
    assert entered.explanation.cause is Cause.ENTERED


def test_the_release_of_then_explains_and_the_rule_of_now_is_compared(menu: Shop) -> None:
    menu.says("hola")
    menu.says("1")
    with menu.inside(), drafts.editing(RuleEdit.Kind.SAVED, author="ana") as edit:
        rule = Rule.objects.get(trigger="1")
        edit.will_change([rule.pk])
        Rule.objects.filter(pk=rule.pk).update(trigger="uno", priority=5)
    with menu.inside():
        publishing.publish()
    found = asked(menu, "Uno")
    assert found.rule is not None
    assert (found.rule.trigger, found.fate, found.changed) == (
        "1",
        "changed",
        ("trigger", "priority"),
    )
    with menu.inside():
        Rule.objects.get(pk=rule.pk).delete()
        publishing.publish()
    assert (asked(menu, "Uno").fate, asked(menu, "Uno").form_id) == ("gone", None)


def test_a_message_of_before_releases_says_that_it_is_not_known(menu: Shop) -> None:
    menu.says("hola")
    with menu.inside():
        Message.objects.update(rules_release=None)
    found = asked(menu, "Hola")
    assert found.release is None
    assert found.explanation is not None


def test_a_session_that_ended_by_silence(menu: Shop) -> None:
    menu.says("hola")
    menu.silence(hours=1)
    with menu.inside():
        Message.objects.filter(author="contact").update(at=menu.session().contact_spoke_at)
    menu.job(tasks.close_idle_sessions)
    goodbye = menu.last_sent().body
    assert asked(menu, goodbye).source == TIMEOUT
    menu.says("1")
    assert cause(menu, "Hola") is Cause.WELCOME


def test_an_agent_sees_it_in_their_chats_alone(menu: Shop, client: Client) -> None:
    menu.says("hola")
    message = menu.last_sent()
    menu.agent("luis", "ventas")
    url = f"/chats/{message.conversation_id}/mensajes/{message.pk}/por-que"
    client.post("/login?tenant=acme", {"username": "luis", "password": "Clave-1234"})
    page = client.get(url).content.decode()
    assert "Es la bienvenida" in page
    assert "Abrir la regla" not in page
    with menu.inside():
        message.conversation.roles.set([menu.role("cobros")])
    assert client.get(url).status_code == 404
    theirs = menu.received()[-1]
    assert client.get(url.replace(f"/{message.pk}/", f"/{theirs.pk}/")).status_code == 404
