"""Header, query and cookie together, through the whole product: who is the request made as?"""

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.tenants.conftest import cookie_text, enter, make_user

NAMES = ("", "acme", "beta", "nadie")
PEOPLE = {"acme": "ana", "beta": "bea", "": "cleo"}


@pytest.fixture
def cookies(companies: SimpleNamespace) -> dict[str, str]:
    """A logged-in cookie for each company, by its key; the control scope's under ""."""
    found = {}
    for tenant, key in (
        (companies.acme, "acme"),
        (companies.beta, "beta"),
        (companies.control, ""),
    ):
        make_user(tenant, PEOPLE[key])
        client = Client()
        assert enter(client, key, PEOPLE[key]).status_code == 302
        found[key] = cookie_text(client)
    return found


@pytest.mark.parametrize("default", ["", "beta"])
def test_every_combination_is_somebody_in_one_company_at_most(
    cookies: dict[str, str], settings: Any, default: str
) -> None:
    settings.DEFAULT_TENANT = default
    for header, query, cookie in product(NAMES, NAMES, [None, *cookies]):
        client = Client()
        if cookie is not None:
            client.cookies[django_settings.SESSION_COOKIE_NAME] = cookies[cookie]
        headers = {"X-Tenant-ID": header} if header else {}
        response = client.get("/cambiar-clave", {"tenant": query} if query else {}, headers=headers)
        outcome = _outcome(response)
        assert outcome == _expected(header, query, cookie), (header, query, cookie)


def _outcome(response: Any) -> str:
    if response.status_code == 200:
        return str(response.context["user"].username)
    return {302: "nobody", 403: "two companies", 404: "no such company"}[response.status_code]


def _expected(header: str, query: str, cookie: str | None) -> str:
    if header and query and header != query:
        return "two companies"
    named = header or query
    if named == "nadie":
        return "no such company"
    if cookie is not None and named in ("", cookie):
        return PEOPLE[cookie]
    return "nobody"
