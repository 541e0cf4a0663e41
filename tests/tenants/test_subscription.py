"""A company whose paid time is over: its people are told and cannot work, its messages are kept."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tenants import registry
from tenants.models import Role, Tenant, control_location, today
from tenants.sessions import holder_of_session
from tests.tenants.conftest import cookie_text, enter, make_user, who

YESTERDAY, TODAY = timedelta(days=-1), timedelta(0)


def paid_until(tenant: Tenant, left: timedelta | None) -> None:
    """`left`: from today to the last paid day."""
    day = None if left is None else today() + left
    Tenant.objects.filter(pk=tenant.pk).update(paid_until=day)
    registry.forget()


@pytest.fixture
def ana(client: Client, companies: SimpleNamespace) -> Client:
    """Logged in to acme, as its admin."""
    make_user(companies.acme, "ana", Role.ADMIN)
    assert enter(client, "acme").status_code == 302
    return client


@pytest.mark.parametrize("left", [None, TODAY, timedelta(days=400)])
def test_the_last_paid_day_is_a_working_day(
    ana: Client, companies: SimpleNamespace, left: timedelta | None
) -> None:
    paid_until(companies.acme, left)
    assert ana.get("/").status_code == 200


def test_the_day_ends_where_the_installation_is(settings: Any) -> None:
    settings.TIME_ZONE = "America/Bogota"
    lasts_until = Tenant(paid_until=datetime.now(UTC).date())
    here = (datetime.now(UTC) - timedelta(hours=5)).date()
    assert today() == here
    assert not lasts_until.is_unpaid
    assert Tenant(paid_until=here - timedelta(days=1)).is_unpaid
    assert not Tenant(paid_until=here).is_unpaid


def test_afterwards_every_page_says_so_and_whom_to_ask(
    ana: Client, companies: SimpleNamespace, settings: Any
) -> None:
    settings.SUPPORT_CONTACT = "cobros@agencia.co"
    paid_until(companies.acme, YESTERDAY)
    for path in ("/", "/chats/lista", "/admin/", "/admin/chatbot/rule/export/", "/cambiar-clave"):
        response = ana.get(path)
        page = response.content.decode()
        assert response.status_code == 402, path
        assert "La suscripción de Acme terminó el" in page
        assert "cobros@agencia.co" in page
        assert "se sigue guardando" in page
    assert ana.post("/chats/1/responder", {"text": "hola"}).status_code == 402
    settings.SUPPORT_CONTACT = ""
    assert "habla con quien administra" in ana.get("/").content.decode()


def test_programs_get_the_sentence_and_open_pages_reload(
    ana: Client, companies: SimpleNamespace
) -> None:
    paid_until(companies.acme, YESTERDAY)
    response = ana.get("/", headers={"accept": "application/json"})
    assert response.status_code == 402
    assert "terminó el" in json.loads(response.content)["error"]
    assert ana.get("/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_the_page_leads_out(ana: Client, companies: SimpleNamespace) -> None:
    paid_until(companies.acme, YESTERDAY)
    assert 'action="/logout"' in ana.get("/").content.decode()
    assert ana.post("/logout").status_code == 302
    assert ana.get("/")["Location"].startswith("/login")
    assert enter(ana, "acme")["Location"] == "/"
    assert ana.get("/").status_code == 402  # logging in leads to the same page
    paid_until(companies.acme, None)
    assert ana.get("/").status_code == 200


def test_the_event_stream_ends(ana: Client, companies: SimpleNamespace) -> None:
    assert holder_of_session(cookie_text(ana)) is not None
    paid_until(companies.acme, YESTERDAY)
    assert holder_of_session(cookie_text(ana)) is None


def test_one_companys_debt_is_not_anothers(client: Client, companies: SimpleNamespace) -> None:
    make_user(companies.beta, "bea")
    enter(client, "beta", "bea")
    paid_until(companies.acme, YESTERDAY)
    assert who(client) == "bea"


def test_superadmins_are_never_locked_out(companies: SimpleNamespace, settings: Any) -> None:
    """Also where the default company, which owes, lives in the control database."""
    settings.DEFAULT_TENANT = "casa"
    casa = Tenant.objects.create(key="casa", name="Casa", **control_location())
    make_user(casa, "jefa", Role.SUPERADMIN)
    make_user(casa, "ana", Role.ADMIN)
    paid_until(casa, YESTERDAY)
    outcomes = {}
    for name in ("jefa", "ana"):
        client = Client()
        assert enter(client, "", name).status_code == 302
        outcomes[name] = client.get("/").status_code
        assert (holder_of_session(cookie_text(client)) is not None) == (name == "jefa")
    assert outcomes == {"jefa": 200, "ana": 402}


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "termina hoy"), (1, "termina mañana"), (7, "termina en 7 días"), (8, ""), (None, "")],
)
def test_admins_are_warned_a_week_before(
    ana: Client, companies: SimpleNamespace, days: int | None, words: str
) -> None:
    paid_until(companies.acme, None if days is None else timedelta(days=days))
    for path in ("/", "/admin/"):
        page = ana.get(path).content.decode()
        assert words in page
        assert ("La suscripción de la empresa" in page) == bool(words)


def test_agents_are_not_warned(client: Client, companies: SimpleNamespace) -> None:
    make_user(companies.acme, "eva", Role.AGENT)
    enter(client, "acme", "eva")
    paid_until(companies.acme, TODAY)
    assert "suscripción" not in client.get("/").content.decode()


def test_a_company_that_has_paid_costs_no_query(ana: Client, companies: SimpleNamespace) -> None:
    """What the middleware asks is on the row that every request has anyway."""
    counts = []
    for left in (None, timedelta(days=90)):
        paid_until(companies.acme, left)
        ana.get("/cambiar-clave")
        connections["t_acme"].force_debug_cursor = True
        connections["t_acme"].queries_log.clear()
        ana.get("/cambiar-clave")
        counts.append(len(connections["t_acme"].queries_log))
        connections["t_acme"].force_debug_cursor = False
    assert counts[0] == counts[1]
