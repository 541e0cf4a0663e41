"""The registry is looked at once a second for all companies, and again for one that changed."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tenants import registry
from tenants.models import Tenant
from tenants.services import update_tenant


@pytest.fixture(autouse=True)
def short_cache(companies: SimpleNamespace, settings: Any) -> Iterator[None]:
    settings.REGISTRY_CACHE_SECONDS = 1e-9  # every question is the first of its second
    registry.forget()
    yield
    registry.forget()


def statements(key: str) -> list[str]:
    with CaptureQueriesContext(connections["default"]) as queries:
        registry.by_key(key)
    return [query["sql"] for query in queries]


def test_a_company_that_is_known_is_not_read_again_while_the_registry_stays() -> None:
    registry.by_key("acme")
    again = statements("acme")
    assert again
    assert all("COUNT(*)" in sql for sql in again)


def test_a_change_by_another_process_is_seen() -> None:
    acme = registry.by_key("acme")
    assert acme is not None
    Tenant(**{**vars_of(acme), "name": "Otro"}).save(force_update=True)
    changed = registry.by_key("acme")
    assert changed is not None
    assert changed.name == "Otro"


def test_a_suspended_company_is_out_at_once() -> None:
    acme = registry.by_key("acme")
    assert acme is not None
    update_tenant(acme, active=False)
    assert registry.by_key("acme") is None


def vars_of(tenant: Tenant) -> dict[str, Any]:
    return {field.attname: getattr(tenant, field.attname) for field in Tenant._meta.concrete_fields}
