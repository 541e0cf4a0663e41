"""publish_rules from the command line."""

from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from chatbot import publishing
from chatbot.models import RulebookRelease
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


def test_chats_are_left_to_a_person_to_move(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        write("menu_principal", "*", "Hola")
        gone = write("medida", "*", "x")
        publishing.publish()
        stand("medida")
        drop(gone)
    with pytest.raises(CommandError, match=r"medida \(1\)"):
        run()
