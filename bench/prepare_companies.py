"""Fills a fresh installation with companies: arguments are how many, how many of these with
`create_tenant`, and the file for what was measured. The others are copies of the first: a
benchmark with a thousand need not migrate a thousand times. Their databases' names begin with the
control database's."""

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connections  # noqa: E402
from load import SECRET, number_of  # noqa: E402

from tenants.connections import close_all, unregister  # noqa: E402
from tenants.context import tenant_context  # noqa: E402
from tenants.models import Tenant, User, WhatsAppNumber, sqlite_path  # noqa: E402
from tenants.places import locate  # noqa: E402
from tenants.services import create_tenant, prepare_installation  # noqa: E402
from tenants.sessions import Cookie, SessionStore  # noqa: E402

COPIERS = 3


def main() -> None:
    count, made, report = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    prepare_installation()
    seconds: list[float] = []
    tenants = fill(count, made, seconds=seconds)
    cookies = [_log_in(tenant) for tenant in tenants]
    report.write_text(json.dumps({"create": seconds, "cookies": cookies}))


def fill(
    count: int,
    made: int,
    *,
    prepare: Callable[[], None] | None = None,
    seconds: list[float] | None = None,
) -> list[Tenant]:
    """The companies. `prepare` runs in each made one, before it is copied; `seconds` get how long
    each took to make."""
    for n in range(made):
        took = _create(n)
        if seconds is not None:
            seconds.append(took)
    first = Tenant.objects.get(key=key_of(0))
    if prepare is not None:
        for tenant in Tenant.objects.filter(key__startswith="c0"):
            with tenant_context(tenant):
                prepare()
    copies = [_company(n) for n in range(made, count)]
    _copy_all(first, copies)
    for copy in copies:
        copy.schema_version = first.schema_version
    Tenant.objects.bulk_create(copies)
    tenants = list(Tenant.objects.filter(key__startswith="c0").order_by("key"))
    WhatsAppNumber.objects.bulk_create(
        WhatsAppNumber(tenant=tenant, phone_number_id=number_of(n))
        for n, tenant in enumerate(tenants)
    )
    return tenants


def key_of(n: int) -> str:
    return f"c0{n:05d}"


def _company(n: int) -> Tenant:
    control = Path(str(settings.DATABASES["default"]["NAME"])).stem
    tenant = Tenant(key=key_of(n), db_name=f"{control}_{key_of(n)}", app_secret=SECRET)
    locate(tenant)
    return tenant


def _create(n: int) -> float:
    began = time.perf_counter()
    create_tenant(_company(n))
    return time.perf_counter() - began


def _log_in(tenant: Tenant) -> str:
    with tenant_context(tenant):
        user = User.objects.get(username="admin")
        User.objects.update(must_change_password=False)
        session = SessionStore(None, tenant)
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session["renewed_at"] = time.time()
        session.create()
    return str(Cookie(tenant.key, session.session_key or ""))


def _copy_all(source: Tenant, copies: list[Tenant]) -> None:
    with tenant_context(source):
        connection = connections[source.alias]
        copy = _file_copier(source) if connection.vendor == "sqlite" else _server_copier(source)
    waiting = iter(copies)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                tenant = next(waiting, None)
            if tenant is None:
                close_all()
                return
            copy(tenant)

    threads = [threading.Thread(target=work) for _ in range(COPIERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _file_copier(source: Tenant) -> Any:
    connections[source.alias].cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    unregister(source.alias)
    return lambda tenant: shutil.copy(sqlite_path(source.db_name), sqlite_path(tenant.db_name))


def _server_copier(source: Tenant) -> Any:
    with connections[source.alias].cursor() as cursor:
        tables = connections[source.alias].introspection.table_names(cursor)
        texts = []
        for table in tables:
            cursor.execute(f"SHOW CREATE TABLE {table}")
            texts.append(cursor.fetchone()[1])
            cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
            if cursor.fetchone():
                texts.append(f"INSERT INTO {table} SELECT * FROM {source.db_name}.{table}")

    def copy(tenant: Tenant) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {tenant.db_name} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {tenant.db_name}")
            cursor.execute("SET FOREIGN_KEY_CHECKS=0")
            for text in texts:
                cursor.execute(text)

    return copy


if __name__ == "__main__":
    main()
