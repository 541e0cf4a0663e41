"""Fixtures for all tests. Databases are real and truly committed: nothing wraps a test in a
transaction, because what the product does on commit is half of what it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test.utils import setup_databases, teardown_databases

from tenants.context import CONTROL_ALIAS, _active, tenant_context
from tenants.models import Role, Tenant, WhatsAppNumber
from tests import tasks
from tests.meta import FakeMeta

ALIASES = ("default", "t_acme", "t_beta")
_KEEP = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """All three databases, whatever marks the tests carry (pytest-django would ask the marks)."""
    created = []
    with django_db_blocker.unblock():
        for alias in ALIASES:
            with _migrating(alias):
                created += setup_databases(verbosity=0, interactive=False, aliases={alias})
    yield
    with django_db_blocker.unblock():
        teardown_databases(created, verbosity=0)


@pytest.fixture
def databases(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The three databases, emptied afterwards."""
    with django_db_blocker.unblock():
        _forget()
        yield
        for alias in ALIASES:
            _empty(alias)
        connections.close_all()  # a request of a test without databases would look after them


@pytest.fixture
def companies(databases: None) -> SimpleNamespace:
    """Two companies with a database, a number and a secret each, and the control scope."""
    acme = _company("acme", number="111", token="T1")
    beta = _company("beta", number="222", token="T2")
    return SimpleNamespace(acme=acme, beta=beta, control=Tenant.single_company())


@pytest.fixture
def acme(companies: SimpleNamespace) -> Iterator[Tenant]:
    """Inside company acme."""
    with tenant_context(companies.acme):
        yield companies.acme


@pytest.fixture(scope="session")
def _meta() -> Iterator[FakeMeta]:
    fake = FakeMeta()
    yield fake
    fake.close()


@pytest.fixture
def meta(_meta: FakeMeta, settings: Any) -> FakeMeta:
    """A Meta on this machine, as strict as the real one."""
    _meta.reset()
    settings.GRAPH_API_URL = _meta.url
    return _meta


def _company(key: str, *, number: str, token: str) -> Tenant:
    from tenants.schema import code_schema_version

    tenant = Tenant.objects.create(
        key=key,
        name=key.capitalize(),
        meta_token=token,
        app_secret=f"secreto-{key}",
        verify_token=f"verificar-{key}",
        schema_version=code_schema_version(),
        **_location(f"t_{key}"),
    )
    WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=number, waba_id=f"9{number}")
    with tenant_context(tenant):
        Role.objects.create(keyword=Role.ADMIN, name="Administración")
    return tenant


def _location(alias: str) -> dict[str, Any]:
    config = connections[alias].settings_dict
    if connections[alias].vendor == "sqlite":
        return {"db_host": "", "db_port": 0, "db_name": config["NAME"].split("/")[-1][:-8]}
    return {
        "db_host": config["HOST"],
        "db_port": int(config["PORT"]),
        "db_name": config["NAME"],
    }


@contextmanager
def _migrating(alias: str) -> Iterator[None]:
    """Some migrations ask the router for the company's database: the company is active, as it is
    when the product migrates, but its row is yet to come."""
    if alias == CONTROL_ALIAS:
        yield
        return
    token = _active.set(Tenant(key=alias.removeprefix("t_")))
    yield
    _active.reset(token)


def _forget() -> None:
    """What this process remembers of the databases of the test before."""
    from chatbot import pending, rule_index, rulebooks
    from conversations import numbers, pacing
    from media_pipeline import quota
    from tenants import heard, registry, scheduler

    modules = (registry, heard, scheduler, pending, rulebooks, rule_index, numbers, pacing, quota)
    for module in modules:
        module.forget()
    tasks.later.clear()


def _empty(alias: str) -> None:
    connection = connections[alias]
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        for table in connection.introspection.table_names(cursor):
            if table in _KEEP or table.startswith("conversations_search_"):  # FTS5's own
                continue
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")
            if cursor.fetchone():
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
