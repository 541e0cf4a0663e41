"""What a request costs must not depend on how many companies there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tenants import registry
from tenants.connections import register, unregister
from tenants.models import Role, Tenant
from tenants.schema import code_schema_version
from tests.tenants.conftest import enter, make_user


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement on every connection of this thread, those still to be opened too."""
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        statements.append(sql)
        return execute(sql, *arguments)

    wrapped = [
        connection.execute_wrapper(note) for connection in connections.all(initialized_only=True)
    ]
    for wrapper in wrapped:
        wrapper.__enter__()
    try:
        yield statements
    finally:
        for wrapper in wrapped:
            wrapper.__exit__(None, None, None)


@pytest.fixture
def crowd(companies: SimpleNamespace) -> Iterator[Callable[[int], None]]:
    """More companies in the registry, registered as those are that somebody has visited."""

    def join(count: int) -> None:
        stamp = code_schema_version()
        Tenant.objects.bulk_create(
            Tenant(key=f"m{n}", db_name=f"whapco_m{n}", db_port=1, schema_version=stamp)
            for n in range(count)
        )
        for tenant in Tenant.objects.filter(key__startswith="m"):
            register(tenant)

    yield join
    for tenant in Tenant.objects.filter(key__startswith="m"):
        unregister(tenant.alias)


@pytest.fixture
def inside(companies: SimpleNamespace, client: Client) -> Client:
    make_user(companies.acme, "ana", Role.ADMIN)
    enter(client, "acme")
    client.get("/")
    return client


def page_cost(client: Client) -> list[str]:
    registry.forget()
    with counted() as statements:
        assert client.get("/").status_code == 200
    return statements


def test_a_page_asks_as_much_among_many_companies_as_alone(
    inside: Client, crowd: Callable[[int], None]
) -> None:
    alone = page_cost(inside)
    crowd(60)
    assert len(page_cost(inside)) == len(alone)
    assert any("conversations_conversation" in statement for statement in alone)


def test_finding_a_company_is_one_statement_among_many(crowd: Callable[[int], None]) -> None:
    crowd(60)
    registry.forget()
    with counted() as statements:
        found = registry.by_phone_number_id("111")
        again = registry.by_phone_number_id("222")
    assert [found and found.key, again and again.key] == ["acme", "beta"]
    assert len(statements) == 2
