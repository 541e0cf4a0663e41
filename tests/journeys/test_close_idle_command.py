"""The cron line of older installations: manage.py close_idle_sessions."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.journeys.shop import Shop


def run(*options: str) -> str:
    out = StringIO()
    call_command("close_idle_sessions", *options, stdout=out)
    return out.getvalue()


def test_it_says_goodbye_once_and_counts(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.says("hola")
    shop.silence(hours=2)
    farewell = "Tu sesión ha terminado por inactividad. Hemos reiniciado la conversación."
    assert shop.heard_after(lambda: run()) == [farewell]
    assert shop.heard_after(lambda: run()) == []


def test_it_counts_per_company(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.says("hola")
    shop.silence(hours=2)
    assert run("--tenant", "acme") == "acme: 1 sesiones cerradas\n"
    assert run("--tenant", "beta") == "beta: 0 sesiones cerradas\n"


def test_an_unknown_company_gets_a_sentence(shop: Shop) -> None:
    with pytest.raises(CommandError, match="No se encontró la empresa 'nadie'"):
        run("--tenant", "nadie")
