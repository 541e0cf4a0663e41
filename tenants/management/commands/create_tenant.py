"""manage.py create_tenant <tenant_key> <db_name>: a new company, or new data for one."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS
from tenants.databases import is_sqlite
from tenants.errors import TenantError
from tenants.management.secret_input import PASSWORD_VARIABLE, take_secrets
from tenants.metadata import parse_metadata
from tenants.models import Tenant
from tenants.places import is_same_place, locate
from tenants.reasons import as_tenant_error, sealed
from tenants.rehearsal import rehearse_creation, rehearse_update, shared_user_notice
from tenants.schema import control_is_current
from tenants.services import (
    create_tenant,
    ensure_tenant_schema,
    prepare_installation,
    update_tenant,
)
from whapco.lib.fields import DecryptError

_NO_LIMIT = "nunca"


class Command(BaseCommand):
    help = (
        "Crea una empresa. Si la clave ya existe con la misma base de datos, actualiza los datos "
        "que se den; con otra base se niega."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant_key")
        parser.add_argument("db_name")
        parser.add_argument("--name")
        parser.add_argument("--db-host", default="")
        parser.add_argument("--db-port", default="")
        parser.add_argument("--db-user", default="")
        parser.add_argument(
            "--db-password",
            default="",
            help=f"«-» la pide, o la lee de la primera línea de la entrada; o {PASSWORD_VARIABLE}",
        )
        parser.add_argument(
            "--metadata",
            default="",
            help='JSON: {"env": {"META_TOKEN": "…"}}; «-» lo lee de la entrada',
        )
        parser.add_argument(
            "--paid-until", default="", help="último día pagado, AAAA-MM-DD, o 'nunca': sin límite"
        )
        parser.add_argument("--init-schema", action="store_true")
        parser.add_argument(
            "--dry-run", action="store_true", help="lo comprueba todo y no cambia nada"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        take_secrets(options)
        _refuse_garbled(options)
        options |= {
            "metadata": _read_json(options["metadata"]),
            "db_port": _read_port(options["db_port"]),
            "paid_until": _read_day(options["paid_until"]),
        }
        try:
            if not options["dry_run"]:
                prepare_installation()
            _require_control()
            existing = Tenant.objects.filter(key=options["tenant_key"]).first()
            if existing is None:
                self._create(options)
            else:
                self._update(existing, options)
        except TenantError as error:
            raise CommandError(str(error)) from error
        except DecryptError:
            raise CommandError(sealed()) from None

    def _create(self, options: dict[str, Any]) -> None:
        tenant = _described(options)
        how = {"metadata": options["metadata"], "init_schema": options["init_schema"]}
        if options["dry_run"]:
            self._tell(rehearse_creation(tenant, **how))
            return
        try:
            create_tenant(tenant, **how)
        except TenantError:
            faster = Tenant.objects.filter(key=tenant.key).first()
            if faster is None:
                raise
            self._update(faster, options)
            return
        self.stdout.write(_("Empresa '%(key)s' creada.") % {"key": tenant.key})
        self._notice(tenant)

    def _update(self, existing: Tenant, options: dict[str, Any]) -> None:
        _require_same_place(existing, options)
        changes = _changes(options)
        if options["dry_run"]:
            self._tell(rehearse_update(existing, **changes))
            return
        tenant = update_tenant(existing, **changes)
        if options["init_schema"]:
            ensure_tenant_schema(tenant)
        self.stdout.write(_("Empresa '%(key)s' actualizada.") % {"key": tenant.key})
        self._notice(tenant)

    def _tell(self, sentences: list[str]) -> None:
        for sentence in (*sentences, _("Ensayo: no se cambió nada.")):
            self.stdout.write(sentence)

    def _notice(self, tenant: Tenant) -> None:
        if notice := shared_user_notice(tenant):
            self.stdout.write(notice)


def _refuse_garbled(options: dict[str, Any]) -> None:
    """A terminal that is not UTF-8, or a NUL from a pipe, ends in the driver, far from here."""
    for name, value in options.items():
        text = value if isinstance(value, str) else ""
        if "\0" in text or text != text.encode("utf-8", "ignore").decode():
            flag = name.replace("_", "-")
            raise CommandError(_("'%(name)s' no es texto en UTF-8.") % {"name": flag})


def _require_control() -> None:
    control = settings.DATABASES[CONTROL_ALIAS]
    # Asking SQLite would make the file.
    is_there = not is_sqlite(control) or Path(str(control["NAME"])).exists()
    with as_tenant_error(Tenant.single_company()):
        if not is_there or not control_is_current():
            raise CommandError(_("La base de control no está lista: ejecute antes init_db."))


def _require_same_place(existing: Tenant, options: dict[str, Any]) -> None:
    if existing.removed_at is not None:
        raise TenantError(_("La empresa '%(key)s' fue retirada.") % {"key": existing.key})
    wanted = _described(options)
    wanted.db_host = wanted.db_host or existing.db_host
    wanted.db_port = wanted.db_port or existing.db_port
    locate(wanted)
    if not is_same_place(wanted, existing):
        raise TenantError(
            _("La empresa '%(key)s' ya existe con otra base de datos: '%(name)s'.")
            % {"key": existing.key, "name": existing.db_name}
        )


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    """What `update_tenant` is to change: only what was given."""
    changes = {name: options[name] for name in ("name", "db_user", "db_password", "metadata")}
    if options["paid_until"] is None:
        return changes
    until = options["paid_until"]
    return changes | {"exactly": {"paid_until": None if until == date.max else until}}


def _described(options: dict[str, Any]) -> Tenant:
    until = options["paid_until"]
    return Tenant(
        key=options["tenant_key"],
        name=options["name"] or "",
        db_name=options["db_name"],
        db_host=options["db_host"],
        db_port=options["db_port"],
        db_user=options["db_user"],
        db_password=options["db_password"],
        paid_until=None if until == date.max else until,
    )


def _read_json(text: str) -> Any:
    """None: not given."""
    if not text.strip():
        return None
    try:
        return parse_metadata(text)
    except TenantError as error:
        raise CommandError(f"--metadata: {error}") from None


def _read_port(text: str | int) -> int:
    """0: not given."""
    if not re.fullmatch(r"[0-9]{0,5}", str(text)):
        raise CommandError(_("--db-port es un número de 1 a 65535."))
    return int(text or 0)


def _read_day(text: str) -> date | None:
    """None: not given. The end of time: no limit."""
    if text.strip().lower() == _NO_LIMIT:
        return date.max
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date() if text.strip() else None  # noqa: DTZ007
    except ValueError:
        raise CommandError(_("--paid-until es un día, AAAA-MM-DD, o 'nunca'.")) from None
