"""Bringing all companies up to the code: several at once, again and again, whatever one has."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from tenants import registry
from tenants.connections import close_all
from tenants.context import tenant_context
from tenants.locks import company_lock
from tenants.migrating import migrate_all
from tenants.models import Tenant
from tenants.schema import code_schema_version, has_pending_migrations
from tests.servers import on_mariadb
from tests.tenants.conftest import at_control

ROOT = Path(__file__).resolve().parents[2]
APP, BEFORE_LAST = "axes", "0009_add_session_hash"
Free = Callable[[str], str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, out: io.StringIO | None = None) -> str:
    """Both outputs of the command. Raises CommandError."""
    out = out or io.StringIO()
    try:
        call_command("migrate_tenants", *arguments, stdout=out, stderr=out)
    except CommandError as error:
        error.add_note(out.getvalue())
        raise
    return out.getvalue()


def said(error: pytest.ExceptionInfo[CommandError]) -> str:
    return "\n".join(error.value.__notes__)


def set_back(tenant: Tenant) -> None:
    """As a company is that was not there when the last release came."""
    with tenant_context(tenant):
        call_command("migrate", APP, BEFORE_LAST, database=tenant.alias, verbosity=0)
    Tenant.objects.filter(pk=tenant.pk).update(schema_version="00001-viejo")
    registry.forget()


def is_current(tenant: Tenant) -> bool:
    stamp = Tenant.objects.get(pk=tenant.pk).schema_version
    with tenant_context(tenant):
        return stamp == code_schema_version() and not has_pending_migrations(tenant.alias)


@pytest.fixture
def late(companies: SimpleNamespace) -> Iterator[list[Tenant]]:
    """acme and beta, one real migration behind."""
    tenants = [companies.acme, companies.beta]
    for tenant in tenants:
        set_back(tenant)
    yield tenants
    for tenant in tenants:  # the tables are the session's
        with tenant_context(tenant):
            call_command("migrate", database=tenant.alias, verbosity=0)


def broken(key: str, **columns: Any) -> Tenant:
    tenant = at_control(Tenant(key=key, db_name=f"whapco_nadie_{key}", schema_version="00001-v"))
    for name, value in columns.items():
        setattr(tenant, name, value)
    tenant.save()
    return tenant


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_all_are_brought_up_to_the_code(late: list[Tenant], jobs: str) -> None:
    text = run("--jobs", jobs)
    assert "acme: actualizada." in text
    assert "beta: actualizada." in text
    assert re.search(r"2 actualizadas, 0 al día, 0 con error, 0 sin empezar, en \d+\.\d s\.", text)
    assert all(is_current(tenant) for tenant in late)


def test_what_is_done_is_skipped(late: list[Tenant]) -> None:
    run("--tenant", "beta")
    assert not is_current(late[0])
    text = run()
    assert "beta" not in text
    assert "1 actualizadas, 1 al día" in text


def test_named_companies_only(late: list[Tenant], companies: SimpleNamespace) -> None:
    Tenant.objects.create(key="otra", db_name="no_hay", schema_version="00001-v")
    text = run("--tenant", "acme", "--tenant", "beta", "--tenant", "acme")
    assert text.count("acme: actualizada.") == 1
    assert "2 actualizadas" in text
    assert "acme: al día." in run("--tenant=acme")


def test_who_is_behind_is_listed_and_left_alone(late: list[Tenant]) -> None:
    assert run("--list").splitlines() == ["acme", "beta", "2 por actualizar."]
    assert run("--list", "--tenant", "beta").splitlines() == ["beta", "1 por actualizar."]
    assert not is_current(late[0])
    run()
    assert run("--list").splitlines() == ["0 por actualizar."]


def test_a_database_that_is_gone_does_not_stop_the_others_and_is_not_filled(
    late: list[Tenant],
) -> None:
    """A new empty one in its place would hide that a company's chats are lost."""
    gone = broken("ida")
    with pytest.raises(CommandError, match=r"No se actualizaron: ida\.") as error:
        run()
    assert error.value.returncode == 1
    assert re.search("ida: La base de datos 'whapco_nadie_ida' no (existe|está)", said(error))
    assert "2 actualizadas, 0 al día, 1 con error" in said(error)
    assert Tenant.objects.get(pk=gone.pk).schema_version == "00001-v"
    assert not Path(str(gone.database_settings()["NAME"])).exists()
    assert all(is_current(tenant) for tenant in late)


def test_a_database_that_was_emptied_is_not_filled(
    companies: SimpleNamespace, free_name: Free
) -> None:
    name = free_name("vacia")
    call_command("create_tenant", "vacia", name, "--init-schema", stdout=io.StringIO())
    empty = Tenant.objects.get(key="vacia")
    with tenant_context(empty), connections[empty.alias].cursor() as cursor:
        tables = connections[empty.alias].introspection.table_names()
        with connections[empty.alias].constraint_checks_disabled():
            for table in tables:
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
    Tenant.objects.filter(pk=empty.pk).update(schema_version="00001-v")
    with pytest.raises(CommandError) as error:
        run()
    assert f"vacia: La base de datos '{name}' no está o no tiene sus tablas" in said(error)


@pytest.mark.skipif(not on_mariadb(), reason="files have no passwords")
def test_a_wrong_password_is_said_by_name(late: list[Tenant]) -> None:
    broken("cerrada", db_user="nadie", db_password="mala")
    with pytest.raises(CommandError, match=r"No se actualizaron: cerrada\.") as error:
        run()
    assert "cerrada: El servidor" in said(error)
    assert "no acepta al usuario 'nadie'" in said(error)
    assert "mala" not in said(error)


def test_a_migration_that_stopped_half_way_is_said(companies: SimpleNamespace) -> None:
    """Its table is there and its record is not: MySQL cannot roll tables back."""
    acme = companies.acme
    row = f"app = '{APP}' AND name LIKE '0010%%'"
    with tenant_context(acme), connections[acme.alias].cursor() as cursor:
        cursor.execute(f"UPDATE django_migrations SET app = 'x' WHERE {row}")
    Tenant.objects.update(schema_version="00001-viejo")
    try:
        with pytest.raises(CommandError, match=r"No se actualizaron: acme\.") as error:
            run()
    finally:
        with tenant_context(acme), connections[acme.alias].cursor() as cursor:
            cursor.execute(f"UPDATE django_migrations SET app = '{APP}' WHERE app = 'x'")
    assert re.search("acme: Una actualización de la base .* quedó a medias", said(error))
    assert "beta: actualizada." in said(error)
    assert "acme: actualizada." in run()


def test_a_migration_with_a_fault_of_its_own_is_said(late: list[Tenant], caplog: Any) -> None:
    """Whatever a migration's own code raises, in the words it has."""
    from axes.migrations import __name__ as package

    module = sys.modules[f"{package}.0010_accessattemptexpiration"]
    operation = module.Migration.operations[0]

    def fail(self: Any, app: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.alias == "t_acme":
            raise KeyError("columna")
        forwards(self, app, schema_editor, *states)

    forwards = type(operation).database_forwards
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(operation), "database_forwards", fail)
        with pytest.raises(CommandError, match=r"No se actualizaron: acme\.") as error:
            run()
    assert "acme: La actualización falló: KeyError: 'columna'" in said(error)
    assert "beta: actualizada." in said(error)
    assert "Company acme could not be migrated" in caplog.text


def test_two_runs_at_once_do_each_company_once(late: list[Tenant]) -> None:
    done: list[tuple[str, bool, str]] = []

    def other_run() -> None:
        mine = list(Tenant.objects.order_by("key"))
        both.wait()
        done.extend((o.tenant.key, o.was_behind, o.problem) for o in migrate_all(mine, 2))
        close_all()

    both = threading.Barrier(2)
    threads = [threading.Thread(target=other_run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [(key, was, "") for key in ("acme", "beta") for was in (False, True)]
    assert sorted(done) == expected
    assert all(is_current(tenant) for tenant in late)


def test_a_company_that_another_process_prepares_is_waited_for(
    late: list[Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.locks.WAIT_SECONDS", 1)
    with company_lock(late[0]), pytest.raises(CommandError, match="No se actualizaron: acme") as e:
        run()
    assert "acme: Otro proceso está preparando las bases de datos y no termina." in said(e)
    assert "beta: actualizada." in said(e)
    assert "acme: actualizada." in run()


def test_progress_is_seen_on_a_terminal_only(late: list[Tenant]) -> None:
    text = run("--jobs=1", out=Terminal())
    assert "1/2" in text
    assert "2/2" in text
    set_back(late[0])
    assert "1/1" not in run()


@pytest.mark.parametrize("jobs", ["0", "-3"])
def test_a_number_of_jobs_that_is_none_is_refused(companies: SimpleNamespace, jobs: str) -> None:
    with pytest.raises(CommandError, match="de 1 en adelante"):
        run(f"--jobs={jobs}")


def test_the_default_company_comes_first(late: list[Tenant], settings: Any) -> None:
    settings.DEFAULT_TENANT = "beta"
    lines = run("--jobs=1").splitlines()
    assert lines[:2] == ["beta: actualizada.", "acme: actualizada."]


def test_others_are_served_while_one_is_behind(late: list[Tenant], client: Client) -> None:
    """Also while its migration fails."""
    run("--tenant=beta")
    response = client.get("/login?tenant=acme")
    assert response.status_code == 503
    assert "mantenimiento" in response.content.decode()
    assert client.get("/login?tenant=beta").status_code == 200
    run()
    assert client.get("/login?tenant=acme").status_code == 200


def test_ctrl_c_finishes_what_has_begun_and_says_how_to_go_on(late: list[Tenant]) -> None:
    """A process of its own, as a person stops it, while acme's migration waits for us."""
    broken("zeta")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **names_of(late)}
    with company_lock(late[0]):
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, "migrate_tenants", "--jobs=1"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "beta: actualizada.\n"
        time.sleep(1.0)  # acme has begun, and waits for us
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None  # it does not leave a company half-way
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 130, text
    assert "acme: actualizada." in text
    assert "2 actualizadas, 0 al día, 0 con error, 1 sin empezar" in text
    assert "Interrumpido. Repite la orden para seguir donde quedó." in text
    assert all(is_current(tenant) for tenant in late)
    assert "zeta" in run("--list")


INTERRUPTED = """
import os, random, sys
import tests.settings
for alias in ("default", "t_acme", "t_beta"):
    tests.settings.DATABASES[alias]["NAME"] = os.environ[f"NAME_{alias}"]
tests.settings.DEFAULT_TENANT = "beta"
random.sample = lambda companies, count: list(companies)  # after the default one, by key
sys.stdout.reconfigure(line_buffering=True)
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


def names_of(tenants: list[Tenant]) -> dict[str, str]:
    """The databases of this run, for another process."""
    aliases = ["default", *(tenant.alias for tenant in tenants)]
    return {f"NAME_{alias}": str(connections[alias].settings_dict["NAME"]) for alias in aliases}
