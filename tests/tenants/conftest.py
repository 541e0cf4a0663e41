"""Helpers of the tests of companies."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from tenants.connections import unregister
from tenants.context import tenant_context
from tenants.databases import Made, undo
from tenants.models import Role, Tenant, User
from tenants.seeding import give_roles

PASSWORD = "Una-clave-larga-9"


def make_user(tenant: Tenant, username: str = "ana", *keywords: str) -> User:
    """A user of the company with PASSWORD."""
    with tenant_context(tenant):
        user = User.objects.create_user(username, password=PASSWORD)
        for keyword in keywords:
            Role.objects.get_or_create(keyword=keyword, defaults={"name": keyword})
        give_roles(user, keywords)
        return user


def enter(
    client: Client, company: str, username: str = "ana", password: str = PASSWORD, **more: Any
) -> Any:
    """Post the login form."""
    data = {"company": company, "username": username, "password": password}
    return client.post("/login", data, **more)


def who(client: Client, query: str = "", **headers: str) -> str | None:
    """The user name the next request is made as; None: nobody. Read from a page that needs one."""
    response = client.get(f"/cambiar-clave{query}", headers=headers)
    if response.status_code == 302:
        assert response["Location"].startswith("/login")
        return None
    assert response.status_code == 200
    return str(response.context["user"].username)


def cookie_text(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def free_name(databases: None) -> Iterator[Callable[[str], str]]:
    """Names for databases that do not exist; whatever stands under them afterwards is removed."""
    made: list[str] = []

    def name(start: str) -> str:
        made.append(f"test_whapco_{start}_{uuid.uuid4().hex[:8]}")
        return made[-1]

    yield name
    for db_name in made:
        key = re.sub("[^a-z0-9]", "-", db_name)
        undo(at_control(Tenant(key=key, db_name=db_name)), Made(database=True))
    for alias in set(connections.settings) - {"default", "t_acme", "t_beta"}:
        unregister(alias)


@pytest.fixture
def kept_aliases(databases: None) -> Iterator[None]:
    """For tests that lead a company's alias elsewhere."""
    before = connections.settings
    yield
    for alias in ("t_acme", "t_beta"):
        unregister(alias)
    connections.settings = before


def at_control(tenant: Tenant) -> Tenant:
    """On the server of the control database."""
    from tenants.places import locate

    locate(tenant)
    return tenant
