"""Dumps and the way back, on both engines: what is destroyed comes back whole."""

import gzip
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from conversations.models import Contact, Conversation, Message
from tenants.backups import contents, layout
from tenants.backups.copies import as_service, copy_of, count_rows, tables_of
from tenants.backups.errors import BackupError
from tenants.connections import unregister
from tenants.context import tenant_context
from tenants.databases import server_cursor
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.servers import on_mariadb
from tests.tenants.conftest import at_control

AWKWARD = [
    "l'été «cómo estás»\nsegunda línea\r\n\ttab",
    "a'); DROP TABLE x; -- \\' \\\\ %s `tick`",
    "👩🏽‍💻 𝕬 ñ ¿? \u200f",
    "-- Dump completed",
    "),(1,2),('",
    "",
    "fin;\n",
]


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.BACKUP_ROOT = str(tmp_path / "copias con espacios")
    return Path(settings.BACKUP_ROOT)


@pytest.fixture
def shop(databases: None, free_name: Callable[[str], str]) -> Iterator[Tenant]:
    """A company with a database of its own and words that are hard to quote."""
    tenant = at_control(Tenant(key="tienda", db_name=free_name("tienda")))
    create_tenant(tenant, metadata=None, init_schema=True)
    with tenant_context(tenant):
        for number, text in enumerate(AWKWARD):
            contact = Contact.objects.create(wa_id=str(number), notes=text, fields={"a": text})
            chat = Conversation.objects.create(contact=contact, phone_number_id="1")
            Message.objects.create(
                conversation=chat,
                direction="in",
                kind="text",
                status="answered",
                author="contact",
                body=text,
                payload={"type": "text", "text": {"body": text}},
                send_key=Message.new_send_key(),
                at=timezone.now(),
            )
    yield tenant
    _drop_all_but_own(tenant)


def _drop_all_but_own(tenant: Tenant) -> None:
    """What a restore kept of it."""
    if not on_mariadb():
        for path in Path(str(tenant.database_settings()["NAME"])).parent.glob(
            f"{tenant.db_name}_*"
        ):
            path.unlink()
        return
    with server_cursor(tenant.database_settings()) as cursor:
        cursor.execute("SHOW DATABASES")
        for (name,) in cursor.fetchall():
            if name.startswith(f"{tenant.db_name}_"):
                cursor.execute(f"DROP DATABASE `{name}`")


def run(command: str, *arguments: str) -> str:
    out = io.StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=out)
    except CommandError as error:
        error.add_note(out.getvalue())
        raise
    return out.getvalue()


def dump_of(root: Path, tenant: Tenant) -> Path:
    return layout.dumps_of(root, tenant.db_name)[-1]


def words_of(tenant: Tenant) -> list[tuple[Any, ...]]:
    with tenant_context(tenant):
        rows = Message.objects.order_by("pk").values_list(
            "pk", "body", "payload", "at", "send_key", "conversation__contact__fields"
        )
        return [(*row[:2], json.dumps(row[2]), *row[3:5], json.dumps(row[5])) for row in rows]


def destroy(tenant: Tenant) -> None:
    unregister(tenant.alias)
    database = as_service(tenant, tenant.db_name)
    if not on_mariadb():
        Path(str(database["NAME"])).unlink()
        return
    with server_cursor(database) as cursor:
        cursor.execute(f"DROP DATABASE `{tenant.db_name}`")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_company_that_was_destroyed_comes_back_whole(
    shop: Tenant, root: Path, compressed: bool
) -> None:
    before = words_of(shop)
    assert len(before) == len(AWKWARD)
    run("backup_databases", "--tenant", "tienda", *(["--gzip"] if compressed else []))
    destroy(shop)
    told = run("restore_database", "--tenant", "tienda", str(dump_of(root, shop)), "--confirm")
    assert "ya usa lo restaurado" in told
    assert words_of(shop) == before
    with tenant_context(shop):  # and it goes on from there
        new = Contact.objects.create(wa_id="nuevo")
        assert new.pk > len(AWKWARD) - 1


def test_a_restore_shows_the_difference_and_touches_nothing_until_confirmed(
    shop: Tenant, root: Path
) -> None:
    run("backup_databases", "--tenant", "tienda")
    with tenant_context(shop):
        Contact.objects.create(wa_id="después")
    now = words_of(shop)
    told = run("restore_database", "--tenant", "tienda", str(dump_of(root, shop)))
    assert f"conversations_contact: ahora {len(AWKWARD) + 1}, en la copia {len(AWKWARD)}" in told
    with tenant_context(shop):
        assert Contact.objects.filter(wa_id="después").exists()
    assert words_of(shop) == now
    told = run("restore_database", "--tenant", "tienda", str(dump_of(root, shop)), "--confirm")
    kept = re.search(r"se conserva en '(\w+)'", told)
    assert kept
    with tenant_context(shop):
        assert not Contact.objects.filter(wa_id="después").exists()
    assert count_rows(as_service(shop, kept[1]))["conversations_contact"] == len(AWKWARD) + 1
    assert not copy_is_there(shop)


def copy_is_there(tenant: Tenant) -> bool:
    copy = copy_of(tenant)
    if not on_mariadb():
        return copy.path.exists()
    with server_cursor(copy.database) as cursor:
        return tables_of(cursor, copy.name) is not None


def test_a_dump_of_another_company_is_refused(
    shop: Tenant, companies: SimpleNamespace, root: Path
) -> None:
    run("backup_databases", "--tenant", "acme")
    theirs = dump_of(root, companies.acme)
    with pytest.raises(CommandError, match="es de la empresa 'acme', no de 'tienda'"):
        run("restore_database", "--tenant", "tienda", str(theirs))
    with pytest.raises(CommandError, match="La base '.*' es de una empresa"):
        run("backup_databases", "--tenant", "tienda")
        own = str(dump_of(root, shop))
        run("restore_database", "--tenant", "tienda", own, "--into", companies.acme.db_name)


def test_what_was_changed_or_cut_is_refused(shop: Tenant, root: Path) -> None:
    run("backup_databases", "--tenant", "tienda")
    dump = dump_of(root, shop)
    whole = dump.read_bytes()
    dump.write_bytes(whole.replace(b"segunda", b"tercera"))
    with pytest.raises(CommandError, match="no coincide con su manifiesto"):
        run("restore_database", "--tenant", "tienda", str(dump))
    layout.manifest_path(dump).unlink()
    dump.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(CommandError):
        run("restore_database", "--tenant", "tienda", str(dump))
    dump.write_bytes(whole.split(b"\n", 1)[1])
    with pytest.raises(CommandError, match="no dice de qué empresa"):
        run("restore_database", "--tenant", "tienda", str(dump))
    run("restore_database", "--tenant", "tienda", str(dump), "--sin-marca")
    with pytest.raises(CommandError, match="No existe el archivo"):
        run("restore_database", "--tenant", "tienda", "/no/esta.sql")


def test_what_was_not_made_here_is_never_overwritten(shop: Tenant, root: Path) -> None:
    run("backup_databases", "--tenant", "tienda")
    name = f"{shop.db_name}_ajena"
    database = as_service(shop, name)
    if on_mariadb():
        with server_cursor(database) as cursor:
            cursor.execute(f"CREATE DATABASE `{name}`")
            cursor.execute(f"CREATE TABLE `{name}`.`facturas` (id INT)")
    else:
        Path(str(database["NAME"])).write_text("facturas")
    with pytest.raises(CommandError, match="no es una copia"):
        run("restore_database", "--tenant", "tienda", str(dump_of(root, shop)), "--into", name)


def test_the_manifest_tells_what_the_file_holds(shop: Tenant, root: Path) -> None:
    run("backup_databases", "--tenant", "tienda", "--tag", "cron")
    dump = dump_of(root, shop)
    manifest = json.loads(layout.manifest_path(dump).read_text())
    live = {table: rows for table, rows in count_rows(shop.database_settings()).items() if rows}
    assert {table: rows for table, rows in manifest["rows"].items() if rows} == live
    assert manifest["bytes"] == dump.stat().st_size
    assert manifest["tag"] == "cron"
    assert "cron" not in dump.name
    for path in (dump, layout.manifest_path(dump)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    today = f"{timezone.localtime():%Y-%m-%d}"
    assert dump.parent == root / shop.db_name / today
    assert re.fullmatch(rf"{shop.db_name}_\d{{8}}_\d{{6}}\.sql", dump.name)
    shop.refresh_from_db()
    assert shop.last_backup_at is not None


def test_control_and_all_companies_are_dumped_and_one_failure_stops_no_other(
    companies: SimpleNamespace, root: Path
) -> None:
    Tenant.objects.filter(pk=companies.acme.pk).update(db_name="no_esta_en_ningun_lado")
    with pytest.raises(CommandError, match="Fallaron 1 de 3") as error:
        run("backup_databases")
    assert "acme: FALLÓ" in error.value.__notes__[0]
    assert dump_of(root, companies.beta).exists()
    assert dump_of(root, companies.control).exists()
    assert not list(root.rglob("*.part"))


def test_a_dump_has_no_word_of_a_password(
    shop: Tenant, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments are seen by everybody on the machine; settings hold a password here."""
    told = run("backup_databases", "--tenant", "tienda")
    assert (os.environ.get("DB_PASSWORD") or "Una-clave") not in told
    if shop.db_password:
        assert shop.db_password not in dump_of(root, shop).read_text()


def test_old_dumps_go_but_never_the_last(shop: Tenant, root: Path) -> None:
    run("backup_databases", "--tenant", "tienda")
    new = dump_of(root, shop)
    for days in (40, 20):
        day = root / shop.db_name / (date.today() - timedelta(days=days)).isoformat()
        day.mkdir()
        name = f"{shop.db_name}_{day.name.replace('-', '')}_030000.sql"
        for path in (day / name, layout.manifest_path(day / name)):
            path.touch()
    run("backup_databases", "--tenant", "tienda", "--keep-days", "30")
    days = [date.fromisoformat(one.parent.name) for one in layout.dumps_of(root, shop.db_name)]
    assert days == [date.today() - timedelta(days=20), date.today(), date.today()]
    removed = layout.prune(
        root, shop.db_name, keep_days=1, today=date.today() + timedelta(days=365)
    )
    assert new in removed[1:]
    assert len(layout.dumps_of(root, shop.db_name)) == 1


def test_the_newest_dump_of_each_company_is_proved(shop: Tenant, root: Path) -> None:
    with pytest.raises(CommandError, match="no sirven: 1") as error:
        run("verify_backups", "--tenant", "tienda")
    assert "no tiene respaldo" in error.value.__notes__[0]
    run("backup_databases", "--tenant", "tienda", "--gzip")
    assert re.search(
        r"tienda: .*\.sql\.gz se restaura \(\d+ filas\)",
        run("verify_backups", "--tenant", "tienda"),
    )
    manifest = layout.manifest_path(dump_of(root, shop))
    found = json.loads(manifest.read_text())
    found["rows"]["conversations_message"] += 1
    manifest.write_text(json.dumps(found))
    with pytest.raises(CommandError) as error:
        run("verify_backups", "--tenant", "tienda")
    assert "conversations_message quedó con" in error.value.__notes__[0]
    names = f"{shop.db_name}_verify"
    assert not Path(str(as_service(shop, names)["NAME"])).exists()


def test_uploads_come_along_and_only_what_is_missing_comes_back(
    shop: Tenant, root: Path, settings: Any, tmp_path: Path
) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    folder = settings.UPLOADS_DIR / "tienda" / "2026"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"uno")
    (folder / "b.jpg").write_bytes(b"dos")
    run("backup_databases", "--tenant", "tienda", "--media")
    dump = dump_of(root, shop)
    assert json.loads(layout.manifest_path(dump).read_text())["uploads"]["files"] == 2
    (folder / "a.jpg").unlink()
    (folder / "b.jpg").write_bytes(b"cambiado")
    assert "repuestos: 1" in run("restore_database", "--tenant", "tienda", str(dump), "--media")
    assert (folder / "a.jpg").read_bytes() == b"uno"
    assert (folder / "b.jpg").read_bytes() == b"cambiado"


@pytest.mark.parametrize(
    "line",
    [
        b"USE otra;\n",
        b"  /*!40000 DROP DATABASE IF EXISTS `otra`*/;\n",
        b"GRANT ALL ON *.* TO x;\n",
        b"DROP TABLE IF EXISTS `otra`.`clientes`;\n",
        b"\\! rm -rf /\n",
        b"system rm\n",
    ],
)
def test_statements_that_leave_the_database_are_found(line: bytes) -> None:
    harmless = b"INSERT INTO `t` VALUES (1,'USE x; `a`.`b`');\n"
    contents.refuse_foreign_statements([harmless])
    with pytest.raises(BackupError, match="línea 2"):
        contents.refuse_foreign_statements([harmless, line])


def test_rows_are_counted_in_the_dump_itself() -> None:
    lines = [
        b"INSERT INTO `a` VALUES (1,'x),(y'),(2,'it''s \\'),(');\n",
        b"INSERT INTO `b` VALUES\n",
        b"(1,'uno'),\n",
        b"(2,'dos;');\n",
        b"INSERT INTO `a` VALUES (3,NULL);\n",
    ]
    assert contents.count_rows([*lines, b"-- Dump completed on 2026\n"]) == {"a": 3, "b": 2}
    with pytest.raises(BackupError, match="cortado"):
        contents.count_rows(lines)


def test_a_hostile_file_is_a_sentence(shop: Tenant, root: Path, tmp_path: Path) -> None:
    for name, content in (
        ("basura.sql", os.urandom(5_000)),
        ("basura.sql.gz", b"\x1f\x8b" + os.urandom(500)),
        ("vacio.sql", b""),
        ("bomba.sql.gz", gzip.compress(b"-- whapco {" + b"a" * 10_000_000)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CommandError):
            run("restore_database", "--tenant", "tienda", str(path), "--confirm")
    assert words_of(shop)
    assert connections  # still there
