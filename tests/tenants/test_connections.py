"""Aliases are made at run time, and a thread keeps few of them open."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tenants.connections import close_all, register, unregister
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.tenants.conftest import at_control

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def twelve(databases: None) -> Iterator[list[Tenant]]:
    """Companies whose databases all are acme's: only the aliases matter here."""
    from tests.conftest import _location

    tenants = [Tenant(key=f"n{number}", **_location("t_acme")) for number in range(12)]
    yield tenants
    for tenant in tenants:
        unregister(tenant.alias)


def is_open(tenant: Tenant) -> bool:
    return any(
        wrapper.alias == tenant.alias and wrapper.connection is not None
        for wrapper in connections.all(initialized_only=True)
    )


def query(tenant: Tenant) -> None:
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        cursor.execute("SELECT 1")


def in_thread(do: Callable[[], Any]) -> Any:
    """The result of `do` in a thread of its own."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(do()))
    thread.start()
    thread.join()
    return results[0]


def test_a_thread_keeps_the_eight_last_used_open(twelve: list[Tenant]) -> None:
    def visit() -> list[str]:
        for tenant in twelve[:8]:
            query(tenant)
        query(twelve[0])  # used again: not the oldest any more
        for tenant in twelve[8:]:
            query(tenant)
        still = [tenant.key for tenant in twelve if is_open(tenant)]
        close_all()
        return still

    assert in_thread(visit) == ["n0", "n5", "n6", "n7", "n8", "n9", "n10", "n11"]


def test_many_companies_and_threads_stay_within_their_connections(databases: None) -> None:
    """Thirty companies visited by three threads, each in an order of its own."""
    from tests.conftest import _location

    tenants = [Tenant(key=f"m{number}", **_location("t_acme")) for number in range(30)]
    most: list[int] = []

    def visit(start: int) -> None:
        for turn in range(90):
            query(tenants[(start + turn * (start + 1)) % 30])
            most.append(sum(is_open(tenant) for tenant in tenants))
            assert len(connections.all(initialized_only=True)) <= 12  # closed ones cost memory
        close_all()
        most.append(-sum(is_open(tenant) for tenant in tenants))

    threads = [threading.Thread(target=visit, args=(start,)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for tenant in tenants:
        unregister(tenant.alias)
    assert len(most) == 3 * 91  # no thread stopped half-way
    assert max(most) == 8
    assert min(most) == 0


def test_an_open_transaction_is_never_closed(twelve: list[Tenant], settings: Any) -> None:
    settings.TENANT_OPEN_PER_THREAD = 1

    def visit() -> bool:
        from tenants.context import atomic

        with tenant_context(twelve[0]), atomic():
            for tenant in twelve[1:4]:
                query(tenant)
            kept = is_open(twelve[0])
        close_all()
        return kept

    assert in_thread(visit)


def test_settings_are_replaced_never_mutated(twelve: list[Tenant]) -> None:
    before = connections.settings
    names = set(before)
    register(twelve[0])
    assert set(before) == names
    assert connections.settings is not before
    after = connections.settings
    register(twelve[0])
    assert connections.settings is after


def test_registering_from_many_threads_loses_none(twelve: list[Tenant]) -> None:
    threads = [threading.Thread(target=register, args=(tenant,)) for tenant in twelve]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {tenant.alias for tenant in twelve} <= set(connections.settings)


def test_changed_settings_reach_threads_that_were_connected(twelve: list[Tenant]) -> None:
    old = twelve[0]
    query(old)
    new = Tenant(key=old.key, **{**old.location, "db_name": "otra"}, db_user="u", db_password="p")
    in_thread(lambda: register(new))
    register(new)
    assert connections[new.alias].settings_dict is connections.settings[new.alias]
    assert str(connections[new.alias].settings_dict["NAME"]).removesuffix(".sqlite3")[-4:] == "otra"


def test_company_user_and_password_replace_the_services(databases: None) -> None:
    own = at_control(Tenant(key="x", db_name="x", db_user="u", db_password="p"))
    if connections["default"].vendor != "sqlite":
        assert (own.database_settings()["USER"], own.database_settings()["PASSWORD"]) == ("u", "p")
    assert own.database_settings()["NAME"] != connections["default"].settings_dict["NAME"]


def test_djangos_walk_over_all_aliases_is_gone() -> None:
    """In a process of its own: the test client puts one of Django's receivers back."""
    code = """
import django; django.setup()
from django import db
from django.core import signals
both = (signals.request_started, signals.request_finished)
live = [receiver for signal in both for receiver in signal._live_receivers(None)[0]]
assert db.close_old_connections not in live, live
assert db.reset_queries not in live, live
assert {"tenants.connections"} < {receiver.__module__ for receiver in live}, live
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=env())


def env() -> dict[str, str]:
    import os

    return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
