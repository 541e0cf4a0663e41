"""A company that is being made when the disk fills up, its database goes, or the process dies."""

import json
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections

from tenants.connections import unregister
from tenants.context import tenant_context
from tenants.databases import server_cursor
from tenants.errors import TenantError
from tenants.models import Tenant, User, sqlite_path
from tenants.services import create_tenant
from tests.servers import on_mariadb
from tests.tenants.conftest import free_name
from tests.tenants.test_services import database_exists
from tests.tenants.test_start import Installation, installation

__all__ = ["free_name", "installation"]  # fixtures

Free = Callable[[str], str]
ROUNDS = 4
CONTROL = django_settings.DATABASES["default"]
# Runs the command and dies before the statement whose number it is given; else prints how many.
MORTAL = """
import os, signal, sys
import django; django.setup()
from django.core.management import call_command
from django.db.backends.signals import connection_created
die_at, said = int(sys.argv[1]), 0
def count(execute, *args):
    global said
    said += 1
    if said == die_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(*args)
def watch(connection, **_):
    connection.execute_wrappers.append(count)
connection_created.connect(watch, weak=False)
call_command("create_tenant", *sys.argv[2:])
print(said)
"""


@pytest.fixture
def key() -> Iterator[str]:
    """Of a company whose users, made by the killed ones and their heirs, go afterwards."""
    key = f"k{uuid.uuid4().hex[:8]}"
    yield key
    drop_users(key)


def drop_users(key: str) -> None:
    for user, host in users(key):
        sql(f"DROP USER '{user}'@'{host}'")


def sql(statement: str) -> list[tuple[Any, ...]]:
    if not on_mariadb():
        return []
    with server_cursor(CONTROL) as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def users(key: str) -> set[tuple[str, str]]:
    """Those that were made for the company."""
    found = sql(f"SELECT user, host FROM mysql.user WHERE user LIKE 'whapco\\_{key}\\_%'")
    return {(user, host) for user, host in found}


def test_wherever_it_is_killed_the_same_command_finishes(
    installation: Installation, key: str
) -> None:
    assert installation.run("manage.py", "init_db")[0] == 0
    database = f"{installation.env['DB_NAME']}_x" if on_mariadb() else "control_x"
    chance = random.Random()
    statements = 0
    for _round in range(ROUNDS):
        die_at = chance.randint(1, statements) if statements else 10**9
        line = (key, database, "--name", "Acme", "--init-schema")
        code, out, err = installation.run("-c", MORTAL, str(die_at), *line)
        if not statements:
            assert code == 0, err
            statements = int(out.split()[-1])
        else:
            assert code == -9, (die_at, statements, err)
            found, out, err = installation.run("manage.py", "create_tenant", *line)
            assert found == 0, (die_at, err)
        assert_whole(installation, key)
        take_away(installation, database)
        drop_users(key)


def assert_whole(installation: Installation, key: str) -> None:
    code, out, err = installation.run("-c", WHOLE)
    assert code == 0, err
    found = json.loads(out)
    assert found["users"] == {"admin": ["admin"]}
    assert found["behind"] is False
    assert found["marks"] == []
    if on_mariadb():
        assert {name for name, _ in users(key)} == {found["db_user"]}


WHOLE = """
import json, sys
import django; django.setup()
from django.db import connections
from tenants.context import tenant_context
from tenants.models import Tenant, User
from tenants.schema import has_pending_migrations, is_behind
acme = Tenant.objects.get(name="Acme")
with tenant_context(acme):
    users = {u.username: sorted(u.role_keywords) for u in User.objects.all()}
    behind = is_behind(acme) or has_pending_migrations(acme.alias)
    tables = connections[acme.alias].introspection.table_names()
json.dump({"users": users, "behind": behind, "db_user": acme.db_user,
           "marks": [t for t in tables if "construction" in t]}, sys.stdout)
acme.delete()  # for the next round
"""


def take_away(installation: Installation, database: str) -> None:
    """For the next round: no database."""
    if on_mariadb():
        sql(f"DROP DATABASE IF EXISTS `{database}`")
        return
    for path in Path(installation.env["DB_NAME"]).parent.glob(f"{database}.sqlite3*"):
        path.unlink()


def test_a_start_that_was_killed_is_finished_by_the_next(installation: Installation) -> None:
    """The control database's own tables are made by the same means."""
    mortal = MORTAL.replace(
        'call_command("create_tenant", *sys.argv[2:])', 'call_command("init_db")'
    )
    for die_at in (60, 160):
        assert installation.run("-c", mortal, str(die_at))[0] == -9
    code, _out, err = installation.run("manage.py", "init_db")
    assert code == 0, err
    assert set(installation.report()["users"]) == {"admin", "superadmin"}


def test_a_full_disk_is_said_and_leaves_nothing(
    databases: None, free_name: Free, monkeypatch: pytest.MonkeyPatch
) -> None:
    if on_mariadb():
        pytest.skip("the quota is SQLite's")
    quota = CONTROL["OPTIONS"]["init_command"] + " PRAGMA max_page_count=40;"
    monkeypatch.setitem(CONTROL["OPTIONS"], "init_command", quota)
    name = free_name("llena")
    with pytest.raises(TenantError, match="No cabe"):
        create_tenant(Tenant(key="llena", db_name=name))
    assert not Path(sqlite_path(name)).exists()
    assert not Tenant.objects.exists()
    monkeypatch.undo()
    unregister("t_llena")
    create_tenant(Tenant(key="llena", db_name=name))


def when_tables_come(name: str, do: Callable[[], object]) -> threading.Thread:
    """Act as soon as the database has some of its tables, and no earlier."""
    count = f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{name}'"

    def watch() -> None:
        while sql(count)[0][0] < 5:
            pass
        do()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("own", [True, False])
def test_a_database_that_goes_while_it_is_made_is_said(
    databases: None, free_name: Free, settings: Any, key: str, own: bool
) -> None:
    if not on_mariadb():
        pytest.skip("SQLite has no DROP DATABASE")
    settings.OWN_DB_USERS = own
    name = free_name("ida")
    watcher = when_tables_come(name, lambda: sql(f"DROP DATABASE `{name}`"))
    with pytest.raises(TenantError, match="perdió sus tablas|no existe en"):
        create_tenant(Tenant(key=key, db_name=name))
    watcher.join(20)
    assert (database_exists(name), users(key)) == (False, set())
    assert not Tenant.objects.exists()


def test_a_connection_that_is_cut_half_way_is_said(
    databases: None, free_name: Free, settings: Any, key: str
) -> None:
    if not on_mariadb():
        pytest.skip("SQLite has no connections")
    settings.OWN_DB_USERS = True
    name = free_name("cortada")

    def cut() -> None:
        ((user, host),) = users(key)
        sql(f"DROP USER '{user}'@'{host}'")
        sql(f"KILL USER '{user}'@'{host}'")

    watcher = when_tables_come(name, cut)
    with pytest.raises(TenantError, match="no responde"):
        create_tenant(Tenant(key=key, db_name=name))
    watcher.join(20)
    assert (database_exists(name), users(key)) == (False, set())
    assert not Tenant.objects.exists()


def test_what_is_left_half_made_is_not_confused_with_a_backup(
    databases: None, free_name: Free
) -> None:
    """Somebody restored people into a database that a killed creation had marked."""
    if not on_mariadb():
        pytest.skip("SQLite needs no marks")
    name = free_name("resto")
    tenant = create_tenant(Tenant(key="resto", db_name=name))
    with tenant_context(tenant):
        User.objects.create_user("de-antes")
    sql(f"CREATE TABLE `{name}`.whapco_under_construction"
        " (made BOOL, user_name VARCHAR(80), user_host VARCHAR(255))")  # fmt: skip
    sql(f"INSERT INTO `{name}`.whapco_under_construction VALUES (1, NULL, NULL)")
    Tenant.objects.all().delete()
    connections["t_resto"].close()
    again = create_tenant(Tenant(key="resto", db_name=name))
    with tenant_context(again):
        assert User.objects.filter(username="de-antes").exists()
        assert "whapco_under_construction" not in connections["t_resto"].introspection.table_names()
