"""manage.py check_rules."""

import json

import pytest
from django.core.management import CommandError, call_command

from chatbot.models import Rule
from chatbot.publishing import publish
from tests.journeys.shop import Shop


def test_a_step_that_does_not_exist_is_an_error_of_the_draft_alone(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.inside():
        Rule.objects.create(step="menu_principal", trigger="iniciar", reply="Hola")
        Rule.objects.create(step="menu_principal", trigger="*", reply="Escribe hola")
        publish()
        Rule.objects.filter(trigger="iniciar").update(next_step="perdido")
    with pytest.raises(CommandError):
        call_command("check_rules", tenant=shop.tenant.key)
    assert "perdido" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("check_rules", "--json", tenant=shop.tenant.key)
    assert [one["severity"] for one in json.loads(capsys.readouterr().out)][:1] == ["error"]
    call_command("check_rules", "--live", tenant=shop.tenant.key)
    assert "perdido" not in capsys.readouterr().out
