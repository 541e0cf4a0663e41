"""manage.py restore_database --tenant K FILE: bring a dump back, by way of a copy."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tenants.backups import restoring
from tenants.backups.errors import BackupError
from tenants.backups.making import targets


class Command(BaseCommand):
    help = (
        "Restaura un respaldo en una copia y muestra en qué se diferencia. Con --confirm, la copia "
        "pasa a ser la base de la empresa y lo que había se conserva con otro nombre."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="el .sql o .sql.gz")
        parser.add_argument("--tenant", required=True)
        parser.add_argument("--into", default="", help="nombre de la copia")
        parser.add_argument("--confirm", action="store_true", help="cambia a la copia")
        parser.add_argument("--media", action="store_true", help="repone los archivos que falten")
        parser.add_argument(
            "--sin-marca", action="store_true", help="acepta un respaldo que no dice de quién es"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = next(iter(targets(options["tenant"])), None)
        if tenant is None:
            raise CommandError(_("No existe la empresa '%(key)s'.") % {"key": options["tenant"]})
        dump = Path(options["file"]).expanduser().resolve()
        try:
            found = restoring.restore(
                tenant, dump, into=options["into"], unmarked=options["sin_marca"]
            )
            self._show(found)
            if options["confirm"]:
                self._switch(tenant, found)
            if options["media"]:
                count = restoring.restore_uploads(tenant, dump)
                self.stdout.write(_("Archivos repuestos: %(count)d.") % {"count": count})
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from error

    def _show(self, found: restoring.Restored) -> None:
        words = {"rows": found.rows, "name": found.copy.name}
        self.stdout.write(_("Restauradas %(rows)d filas en la copia '%(name)s'.") % words)
        if not found.differences:
            self.stdout.write(_("Cada tabla tiene las mismas filas que ahora."))
        for one in found.differences:
            words = {"table": one.table, "now": one.now, "restored": one.restored}
            self.stdout.write(_("  %(table)s: ahora %(now)d, en la copia %(restored)d") % words)

    def _switch(self, tenant: Any, found: restoring.Restored) -> None:
        kept = restoring.switch(tenant, found.copy)
        self.stdout.write(_("La empresa '%(key)s' ya usa lo restaurado.") % {"key": tenant.key})
        if kept:
            self.stdout.write(_("Lo que había se conserva en '%(name)s'.") % {"name": kept})
