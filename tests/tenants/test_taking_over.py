"""A connection that moves to another company brings nothing along."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connections

from tenants.connections import close_all, unregister
from tenants.context import tenant_context
from tenants.models import Tenant

pytestmark = pytest.mark.skipif(
    django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
    reason="a SQLite file is opened in less than a connection is handed on",
)
USER, PASSWORD = "whapco_tomada", "clave-de-paso"


@pytest.fixture
def pair(databases: None, settings: Any) -> Iterator[list[Tenant]]:
    """Two companies that share acme's database, of which a thread keeps one open."""
    from tests.conftest import _location

    settings.TENANT_OPEN_PER_THREAD = 1
    tenants = [Tenant(key=f"toma{number}", **_location("t_acme")) for number in range(2)]
    yield tenants
    for tenant in tenants:
        unregister(tenant.alias)


@pytest.fixture
def guest(pair: list[Tenant]) -> Iterator[Tenant]:
    """The second company, with a user of its own that may only read."""
    tenant = pair[1]
    account = f"'{USER}'@'%'"
    with connections["default"].cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{PASSWORD}'")
        cursor.execute(f"GRANT SELECT ON `{tenant.db_name}`.* TO {account}")
    tenant.db_user, tenant.db_password = USER, PASSWORD
    yield tenant
    with connections["default"].cursor() as cursor:
        cursor.execute(f"DROP USER {account}")


def rows(tenant: Tenant, sql: str) -> list[tuple[Any, ...]]:
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def in_thread(do: Callable[[], Any]) -> Any:
    """The result of `do` in a thread that starts without connections and leaves none."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(do())
        finally:
            close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def session(tenant: Tenant) -> dict[str, str]:
    found = dict(rows(tenant, "SHOW SESSION VARIABLES"))
    for own in ("pseudo_thread_id", "timestamp", "rand_seed1", "rand_seed2", "last_gtid"):
        found.pop(own, None)
    return found


def test_a_connection_is_taken_over(pair: list[Tenant]) -> None:
    def visit() -> list[Any]:
        return [rows(tenant, "SELECT CONNECTION_ID()") for tenant in (*pair, *pair)]

    assert len({str(found) for found in in_thread(visit)}) == 1


def test_its_session_is_like_a_new_ones(pair: list[Tenant]) -> None:
    fresh = in_thread(lambda: session(pair[1]))

    def taken() -> dict[str, str]:
        rows(pair[0], "SET NAMES latin1")
        rows(pair[0], "SET sql_mode='', foreign_key_checks=0, autocommit=0, time_zone='+03:00'")
        return session(pair[1])

    assert in_thread(taken) == fresh
    assert fresh["character_set_client"] == fresh["character_set_results"] == "utf8mb4"


def test_it_forgets_what_it_held(pair: list[Tenant]) -> None:
    def visit() -> tuple[Any, ...]:
        rows(pair[0], "SET @secreto = 'de A'")
        rows(pair[0], "CREATE TEMPORARY TABLE de_a (n INT)")
        rows(pair[0], "SELECT GET_LOCK('whapco_toma', 0)")
        held = rows(pair[1], "SELECT @secreto, IS_USED_LOCK('whapco_toma')")
        with pytest.raises(Exception, match=r"1146|doesn't exist"):
            rows(pair[1], "SELECT * FROM de_a")
        return held[0]

    assert in_thread(visit) == (None, None)


def test_it_is_the_other_companys_user(pair: list[Tenant], guest: Tenant) -> None:
    def visit() -> tuple[Any, ...]:
        before = rows(pair[0], "SELECT CURRENT_USER(), DATABASE(), CONNECTION_ID()")[0]
        after = rows(guest, "SELECT CURRENT_USER(), DATABASE(), CONNECTION_ID()")[0]
        with pytest.raises(OperationalError, match="1142"):
            rows(guest, "DELETE FROM tenants_role")
        return before, after

    before, after = in_thread(visit)
    assert before[2] == after[2]
    assert after[:2] == (f"{USER}@%", guest.db_name)
    assert before[0] != after[0]


def test_a_refused_login_is_refused_as_ever(pair: list[Tenant], guest: Tenant) -> None:
    guest.db_password = "otra"

    def visit() -> Any:
        rows(pair[0], "SELECT 1")
        with pytest.raises(OperationalError, match="1045"):
            rows(guest, "SELECT 1")
        return rows(pair[0], "SELECT 1")

    assert in_thread(visit) == [(1,)]


def test_a_dead_connection_is_not_taken_over(pair: list[Tenant]) -> None:
    def visit() -> Any:
        number = rows(pair[0], "SELECT CONNECTION_ID()")[0][0]
        with connections["default"].cursor() as cursor:
            cursor.execute(f"KILL {number}")
        connections["default"].close()
        return rows(pair[1], "SELECT 1")

    assert in_thread(visit) == [(1,)]
