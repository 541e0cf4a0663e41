"""manage.py create_tenant <tenant_key> <db_name>: a new company, or new data for one."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.places import is_same_place, locate
from tenants.schema import control_is_current
from tenants.services import (
    create_tenant,
    ensure_tenant_schema,
    prepare_installation,
    update_tenant,
)


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
        parser.add_argument("--db-port", type=int, default=0)
        parser.add_argument("--db-user", default="")
        parser.add_argument("--db-password", default="")
        parser.add_argument("--metadata", default="", help='JSON: {"env": {"META_TOKEN": "…"}}')
        parser.add_argument("--init-schema", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        metadata = _read_json(options["metadata"])
        try:
            prepare_installation()
            if not control_is_current():
                raise CommandError(_("La base de control no está lista: ejecute antes init_db."))
            existing = Tenant.objects.filter(key=options["tenant_key"]).first()
            if existing is None:
                self._create(options, metadata)
            else:
                self._update(existing, options, metadata)
        except TenantError as error:
            raise CommandError(str(error)) from error

    def _create(self, options: dict[str, Any], metadata: Any) -> None:
        tenant = _described(options)
        create_tenant(tenant, metadata=metadata, init_schema=options["init_schema"])
        self.stdout.write(_("Empresa '%(key)s' creada.") % {"key": tenant.key})

    def _update(self, existing: Tenant, options: dict[str, Any], metadata: Any) -> None:
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
        tenant = update_tenant(
            existing,
            name=options["name"],
            db_user=options["db_user"],
            db_password=options["db_password"],
            metadata=metadata,
        )
        if options["init_schema"]:
            ensure_tenant_schema(tenant)
        self.stdout.write(_("Empresa '%(key)s' actualizada.") % {"key": tenant.key})


def _described(options: dict[str, Any]) -> Tenant:
    return Tenant(
        key=options["tenant_key"],
        name=options["name"] or "",
        db_name=options["db_name"],
        db_host=options["db_host"],
        db_port=options["db_port"],
        db_user=options["db_user"],
        db_password=options["db_password"],
    )


def _read_json(text: str) -> Any:
    """Without the text in the message: it may hold a token."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(
            _("--metadata no es JSON válido (línea %(line)d, columna %(column)d).")
            % {"line": error.lineno, "column": error.colno}
        ) from None
