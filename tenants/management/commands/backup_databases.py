"""manage.py backup_databases: a dump of control and of every company. Exit code 1 if one failed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants.backups import layout
from tenants.backups.making import How, back_up_all, sentence, targets


class Command(BaseCommand):
    help = "Respalda la base de control y la de cada empresa."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tag", default="", help="va al manifiesto, no al nombre del archivo")
        parser.add_argument("--output-dir", default="", help="en lugar de BACKUP_ROOT")
        parser.add_argument("--tenant", default="", help="solo esta empresa")
        parser.add_argument("--gzip", action="store_true", help="comprime los respaldos")
        parser.add_argument("--media", action="store_true", help="también los archivos subidos")
        parser.add_argument(
            "--keep-days", type=int, default=0, help="borra los más viejos, nunca el último"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = (
            Path(options["output_dir"]).expanduser() if options["output_dir"] else layout.root()
        )
        how = How(folder, options["tag"], options["gzip"], options["media"], options["keep_days"])
        tenants = targets(options["tenant"])
        if not tenants:
            raise CommandError(_("No existe la empresa '%(key)s'.") % {"key": options["tenant"]})
        failed = 0
        for made in back_up_all(tenants, how):
            stream = self.stderr if made.error else self.stdout
            stream.write(sentence(made))
            failed += bool(made.error)
        if failed:
            raise CommandError(
                _("Fallaron %(failed)d de %(all)d respaldos.")
                % {"failed": failed, "all": len(tenants)}
            )
