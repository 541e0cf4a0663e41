"""publish_rules from the command line."""

from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from chatbot import publishing
from chatbot.models import BotSession, RulebookRelease, Scenario
from tenants.context import tenant_context
from tests.chatbot.test_publish_pages import drop, stand, write


def run(*options: str) -> None:
    call_command("publish_rules", "--tenant", "acme", *options)


def test_a_draft_is_published_once_it_is_whole(
    companies: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_context(companies.acme):
        pk = write("menu_principal", "*", "Hola", next_step="no_existe")
    with pytest.raises(CommandError, match="corrige los errores"):
        run()
    assert "no_existe" in capsys.readouterr().err
    with tenant_context(companies.acme):
        drop(pk)
        write("menu_principal", "*", "Hola")
    run("--check-only")
    with tenant_context(companies.acme):
        assert not RulebookRelease.objects.exists()
    run("--note", "de noche")
    run()
    with tenant_context(companies.acme):
        assert RulebookRelease.objects.get().note == "de noche"


@pytest.mark.parametrize(
    ("way", "step", "is_open", "handler"),
    [
        ("cercano", "menu_principal", True, "bot"),
        ("inicio", "menu_principal", False, "bot"),
        ("asesor", "menu_principal", False, "agent"),
    ],
)
def test_chats_move_where_the_command_says_and_nowhere_else(
    companies: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
    way: str,
    step: str,
    is_open: bool,
    handler: str,
) -> None:
    with tenant_context(companies.acme):
        write("menu_principal", "*", "Hola")
        gone = write("medida", "*", "x", next_step="menu_principal")
        publishing.publish()
        chat = stand("medida")
        drop(gone)
    with pytest.raises(CommandError, match=r"medida \(1\).*--stranded"):
        run()
    run("--stranded", way)
    assert "Se movió 1 chat." in capsys.readouterr().out
    with tenant_context(companies.acme):
        session = BotSession.objects.get(pk=chat.pk)
        chat.refresh_from_db()
        assert (session.step, session.is_open, chat.handler) == (step, is_open, handler)


def test_scenarios_that_fail_are_published_only_on_demand(
    companies: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_context(companies.acme):
        write("menu_principal", "*", "Buenas")
        Scenario.objects.create(name="Saludo", turns=[{"say": "hola", "expect": ["Hola"]}])
    with pytest.raises(CommandError, match="escenarios que fallan"):
        run()
    assert "«Saludo», mensaje 1" in capsys.readouterr().err
    run("--anyway")
    with tenant_context(companies.acme):
        assert RulebookRelease.objects.count() == 1
