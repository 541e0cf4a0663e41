"""The active company: nothing works without one, and transactions are its own."""

from types import SimpleNamespace

import pytest
from django.db import transaction

from tenants.context import (
    NoTenant,
    atomic,
    control_atomic,
    current_tenant,
    on_commit,
    tenant_context,
)
from tenants.models import Role, Tenant, User


def test_without_company_no_query_finds_a_database(databases: None) -> None:
    with pytest.raises(NoTenant):
        User.objects.exists()
    with pytest.raises(NoTenant):
        Role.objects.create(keyword="x", name="X")
    with pytest.raises(NoTenant), atomic():
        pass


def test_registry_needs_no_company(companies: SimpleNamespace) -> None:
    assert Tenant.objects.count() == 2


def test_objects_stay_in_the_database_they_came_from(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        role = Role.objects.get(keyword=Role.ADMIN)
    role.name = "Jefes"
    with tenant_context(companies.beta):
        role.save()
        assert Role.objects.get(keyword=Role.ADMIN).name != "Jefes"
    assert Role.objects.using("t_acme").get(keyword=Role.ADMIN).name == "Jefes"


def test_objects_of_two_companies_do_not_mix(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        user = User.objects.create_user("ana")
    role = Role.objects.using("t_beta").get(keyword=Role.ADMIN)
    with tenant_context(companies.acme), pytest.raises(ValueError, match="database"):
        user.roles.add(role)


def test_atomic_rolls_the_company_back(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        with pytest.raises(RuntimeError), atomic():
            Role.objects.create(keyword="x", name="X")
            raise RuntimeError
        assert not Role.objects.filter(keyword="x").exists()


def test_djangos_own_atomic_would_not(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        with pytest.raises(RuntimeError), transaction.atomic():
            Role.objects.create(keyword="x", name="X")
            raise RuntimeError
        assert Role.objects.filter(keyword="x").exists()


def test_control_atomic_rolls_the_registry_back(companies: SimpleNamespace) -> None:
    with pytest.raises(RuntimeError), control_atomic():
        Tenant.objects.all().delete()
        raise RuntimeError
    assert Tenant.objects.count() == 2


def test_on_commit_waits_for_the_companys_commit(acme: Tenant) -> None:
    done: list[str] = []
    with atomic():
        on_commit(lambda: done.append("a"))
        assert done == []
    assert done == ["a"]
    with pytest.raises(RuntimeError), atomic():
        on_commit(lambda: done.append("b"))
        raise RuntimeError
    assert done == ["a"]


def test_contexts_nest(companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        with tenant_context(companies.beta):
            assert current_tenant().key == "beta"
        assert current_tenant().key == "acme"
    with pytest.raises(NoTenant):
        current_tenant()
