"""`create_tenant` as an operator types it: each flag, each exit code, and what it leaves behind."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from tenants.databases import server_cursor
from tenants.models import Tenant, WhatsAppNumber, sqlite_path, today
from tests.tenants.test_commands import run
from tests.tenants.test_services import database_exists
from tests.tenants.test_start import Installation, installation

__all__ = ["installation"]  # a fixture of the first minute of an installation

Free = Callable[[str], str]
LOOKALIKES = ("аcme", "acme\u200b", "acmé", "ａcme", "acme\u0000")  # noqa: RUF001
HOSTILE = ("x`; DROP DATABASE mysql; -- ", "x'y", 'x"y', "x;y", "x\ny", "x y", "../x", "x%", "")


@pytest.fixture(autouse=True)
def _no_preparation(settings: Any) -> None:
    settings.INIT_DB_ON_START = False


def on_sqlite() -> bool:
    return connections["default"].vendor == "sqlite"


def everything() -> object:
    """All that a creation could leave behind: rows, databases or files, users of the server."""
    rows = list(Tenant.objects.order_by("pk").values())
    if on_sqlite():
        folder = Path(sqlite_path("x")).parent
        return rows, {path.name: path.stat().st_size for path in folder.glob("*.sqlite3")}
    with server_cursor(connections["default"].settings_dict) as cursor:
        cursor.execute("SHOW DATABASES")
        databases = set(cursor.fetchall())
        cursor.execute("SELECT user, host FROM mysql.user")
        return rows, databases, set(cursor.fetchall())


def test_every_flag_is_kept(databases: None, free_name: Free) -> None:
    name = free_name("todo")
    env = {"META_TOKEN": "T7", "PHONE_NUMBER_ID": "777", "INITIAL_STEP": "inicio"}
    place = ["--db-host", "localhost" if on_sqlite() else "127.0.0.1", "--db-port", "3306"]
    more = ["--paid-until", "2031-12-31", "--init-schema"]
    described = ["--name", "Todo S.A.", "--metadata", json.dumps({"env": env})]
    said = run("create_tenant", "todo", name, *place, *described, *more)
    assert said.strip() == "Empresa 'todo' creada."
    stored = Tenant.objects.get()
    assert (stored.name, stored.meta_token, stored.paid_until) == (
        "Todo S.A.",
        "T7",
        date(2031, 12, 31),
    )
    assert stored.metadata == {"env": {"INITIAL_STEP": "inicio", "PHONE_NUMBER_ID": "777"}}
    assert WhatsAppNumber.objects.get().phone_number_id == "777"
    assert database_exists(name)


def test_the_paid_day_moves_and_goes(companies: SimpleNamespace) -> None:
    again = ("create_tenant", "acme", companies.acme.db_name)
    for given, kept in (
        ("2030-02-28", date(2030, 2, 28)),
        ("", date(2030, 2, 28)),  # an empty variable of a cron line
        ("nunca", None),
    ):
        run(*again, "--paid-until", given)
        assert Tenant.objects.get(key="acme").paid_until == kept


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--paid-until", "mañana"], "AAAA-MM-DD"),
        (["--paid-until", "2026-02-30"], "AAAA-MM-DD"),
        (["--db-port", "tres"], "--db-port"),
        (["--db-port", "70000"], "1 a 65535"),
        (["--db-port", "9" * 5000], "1 a 65535"),
        (["--metadata", "[" * 30_000], "simplifícalos"),
        (["--metadata", '{"a":' * 40 + "1" + "}" * 40], "simplifícalos"),
        (["--metadata", '{"env": {"X": %s}}' % ("9" * 5000)], "simplifícalos"),
        (["--metadata", '{"env": {"META_TOKEN": "\\ud800"}}'], "simplifícalos"),
        (["--metadata", '{"env": {"X": NaN}}'], "simplifícalos"),
        (["--metadata", "x" * 60_000], "demasiado largos"),
        (["--name", "Pe\udcf1a"], "UTF-8"),
        (["--db-user", "x\0", "--db-password", "y"], "UTF-8"),
        (["--db-host", "x y"], "El servidor"),
        (["--db-host", "x\n"], "El servidor"),
        (["--db-host", "x'; --"], "El servidor"),
    ],
)
@pytest.mark.parametrize("rehearsed", [True, False])
def test_odd_values_are_refused_by_name(
    databases: None, free_name: Free, flags: list[str], sentence: str, rehearsed: bool
) -> None:
    if (
        on_sqlite()
        and flags[0] in ("--db-host", "--db-port")
        and flags[1] not in ("tres", "9" * 5000)
    ):
        pytest.skip("SQLite has neither server nor port")
    before = everything()
    more = ["--dry-run"] if rehearsed else []
    with pytest.raises(CommandError, match=sentence):
        run("create_tenant", "nueva", free_name("nueva"), "--init-schema", *flags, *more)
    assert everything() == before


@pytest.mark.parametrize("rehearsed", [True, False])
def test_hostile_names_execute_nothing(databases: None, rehearsed: bool) -> None:
    before = everything()
    more = ["--dry-run"] if rehearsed else []
    for odd in (*HOSTILE, *LOOKALIKES):
        with pytest.raises(CommandError):
            call_command("create_tenant", "nueva", odd, "--init-schema", *more)
        with pytest.raises(CommandError):
            call_command("create_tenant", odd, "nueva", "--init-schema", *more)
    assert everything() == before


@pytest.mark.parametrize(
    "alias",
    ["127.0.0.1", "LOCALHOST", "localhost.", "::1", "[::1]", "127.0.0.2", "::ffff:127.0.0.1"],
)
def test_one_machine_has_many_names(companies: SimpleNamespace, alias: str) -> None:
    with pytest.raises(CommandError, match="pertenece a la empresa 'acme'"):
        run("create_tenant", "otra", companies.acme.db_name.upper(), "--db-host", alias)


def test_another_address_of_the_same_server_is_found_out(
    companies: SimpleNamespace, far_server: int
) -> None:
    """Another name in the DNS, a tunnel, a proxy: here a forwarded port."""
    taken = companies.acme.db_name
    Tenant.objects.filter(key="acme").update(active=False, removed_at="2026-01-01T00:00Z")
    with pytest.raises(CommandError, match="pertenece a la empresa 'acme'"):
        run("create_tenant", "otra", taken, "--db-host", "127.0.0.1", "--db-port", str(far_server))


def test_a_namesake_on_a_server_that_is_another_is_allowed(
    companies: SimpleNamespace, free_name: Free
) -> None:
    if on_sqlite():
        pytest.skip("SQLite has no servers")
    Tenant.objects.filter(key="acme").update(db_host="127.0.0.1", db_port=1, db_name="lejana")
    run("create_tenant", "otra", "lejana")
    assert Tenant.objects.filter(db_name="lejana").count() == 2


@pytest.fixture
def far_server(databases: None) -> Iterator[int]:
    """Another port that leads to the same server."""
    from tests.crash.door import Door

    if on_sqlite():
        pytest.skip("SQLite has no servers")
    door = Door(int(connections["default"].settings_dict["PORT"]))
    yield door.port
    door.shut()


@pytest.fixture
def deaf_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("rehearsed", [True, False])
def test_a_server_that_never_answers_is_given_up(
    databases: None, deaf_server: int, settings: Any, rehearsed: bool
) -> None:
    """The test would hang if it were not."""
    if on_sqlite():
        pytest.skip("SQLite has no servers")
    settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] = 1
    place = ["--db-host", "127.0.0.1", "--db-port", str(deaf_server), "--init-schema"]
    try:
        with pytest.raises(CommandError, match="no responde"):
            run("create_tenant", "sorda", "sorda", *place, *(["--dry-run"] if rehearsed else []))
    finally:
        settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] = 5
    assert not Tenant.objects.exists()


def test_a_rehearsal_says_what_would_be_done_and_does_nothing(
    databases: None, free_name: Free
) -> None:
    name = free_name("ensayo")
    before = everything()
    env = json.dumps({"env": {"META_TOKEN": "T7", "PHONE_NUMBER_ID": "777"}})
    line = ("create_tenant", "ensayo", name, "--metadata", env, "--init-schema")
    said = run(*line, "--dry-run")
    assert everything() == before
    assert "no existe: se crearía" in said
    assert "número 777" in said
    assert "T7" not in said
    assert said.endswith("Ensayo: no se cambió nada.\n")
    assert "Sin --init-schema" in run("create_tenant", "ensayo", name, "--dry-run")
    run(*line)
    Tenant.objects.all().delete()
    assert "ya tiene tablas de whapco" in run(*line, "--dry-run")
    assert not Tenant.objects.exists()


def test_a_rehearsed_change_is_checked_and_not_made(companies: SimpleNamespace) -> None:
    before = everything()
    acme = ("create_tenant", "acme", companies.acme.db_name, "--dry-run")
    said = run(*acme, "--name", "Otra", "--paid-until", str(today() + timedelta(days=3)))
    assert "Cambiaría: nombre, pagada hasta." in said
    assert "responde y está al día" in said
    env = json.dumps({"env": {"PHONE_NUMBER_ID": "222"}})
    with pytest.raises(CommandError, match="pertenece a la empresa 'beta'"):
        run(*acme, "--metadata", env)
    assert everything() == before


def test_a_rehearsed_change_of_password_is_tried(companies: SimpleNamespace) -> None:
    if on_sqlite():
        pytest.skip("SQLite has no users")
    wrong = ["--db-user", "nadie", "--db-password", "mala"]
    with pytest.raises(CommandError, match="no acepta al usuario 'nadie'"):
        run("create_tenant", "acme", companies.acme.db_name, "--dry-run", *wrong)
    assert Tenant.objects.get(key="acme").db_user == ""


def test_a_rehearsal_meets_another_programs_tables(databases: None, free_name: Free) -> None:
    name = free_name("ajena")
    if on_sqlite():
        import sqlite3

        with sqlite3.connect(sqlite_path(name)) as other:
            other.execute("CREATE TABLE mensajes (id INT)")
    else:
        with server_cursor(connections["default"].settings_dict) as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            cursor.execute(f"CREATE TABLE {name}.mensajes (id INT)")
    before = everything()
    with pytest.raises(CommandError, match="tablas de otra aplicación"):
        run("create_tenant", "ajena", name, "--init-schema", "--dry-run")
    assert everything() == before


EXIT_CODES = (
    ("nueva", 2, "db_name"),
    ("nueva {db} --no-hay", 2, "--no-hay"),
    ("nueva a-b", 1, "guion bajo"),
    ("Nueva {db}", 1, "minúsculas"),
    ("nueva {db} --metadata {{", 1, "JSON"),
    ("nueva {db} --init-schema --dry-run", 0, "no se cambió nada"),
    ("nueva {db} --init-schema", 0, "creada"),
    ("nueva {db}", 0, "actualizada"),
    ("nueva {db}2", 1, "otra base de datos"),
)


def test_exit_codes(installation: Installation) -> None:
    database = "control_x" if on_sqlite() else f"{installation.env['DB_NAME']}_x"
    installation.env["OWN_DB_USERS"] = "0"
    assert installation.run("manage.py", "init_db")[0] == 0
    for line, code, words in EXIT_CODES:
        arguments = line.format(db=database).split()
        found, out, err = installation.run("manage.py", "create_tenant", *arguments)
        assert (found, words in out + err) == (code, True), (line, out, err)
        assert "Traceback" not in err


def test_without_a_control_database_a_rehearsal_makes_none(
    installation: Installation, tmp_path: Path
) -> None:
    code, _out, err = installation.run("manage.py", "create_tenant", "a", "b", "--dry-run")
    assert code == 1
    assert "Traceback" not in err
    assert "init_db" in err or "no existe" in err
    assert not list(tmp_path.rglob("*.sqlite3"))
