"""manage.py verify_backups: restore the newest dump of each company in a scratch database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants.backups import layout
from tenants.backups.making import targets
from tenants.backups.verifying import verify


class Command(BaseCommand):
    help = "Comprueba que el último respaldo de cada empresa se puede restaurar."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="solo esta empresa")
        parser.add_argument("--output-dir", default="", help="en lugar de BACKUP_ROOT")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = (
            Path(options["output_dir"]).expanduser() if options["output_dir"] else layout.root()
        )
        failed = 0
        for tenant in targets(options["tenant"]):
            found = verify(tenant, folder)
            words = {"key": tenant.key, "error": found.error, "rows": found.rows}
            words["name"] = found.dump.name if found.dump else ""
            if found.error:
                failed += 1
                self.stderr.write(_("%(key)s: FALLÓ %(name)s: %(error)s") % words)
            else:
                self.stdout.write(_("%(key)s: %(name)s se restaura (%(rows)d filas)") % words)
        if failed:
            raise CommandError(_("Respaldos que no sirven: %(failed)d.") % {"failed": failed})
