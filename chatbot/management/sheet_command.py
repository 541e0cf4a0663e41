"""What `import_rules` and `import_buttons` share: choose the company, import, print the preview."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants import registry
from tenants.management.companies import inside
from tenants.models import Tenant
from whapco.lib.upsert import ImportResult
from whapco.lib.workbook_checks import SheetError

SHOWN = 50  # changed rows and warnings in the terminal; every error is shown


class SheetCommand(BaseCommand):
    """Exit code 1, and nothing saved, when the workbook is refused or any row has an error."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.xlsx")
        parser.add_argument("--tenant", default="", metavar="KEY", help="default: DEFAULT_TENANT")
        parser.add_argument("--dry-run", action="store_true", help="show the preview, save nothing")

    def run_import(self, path: Path, *, dry_run: bool) -> ImportResult:
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        with inside(find_company(options["tenant"])):
            try:
                result = self.run_import(options["file"], dry_run=options["dry_run"])
            except SheetError as error:
                raise CommandError(str(error)) from error
        self.show(result)
        if result.errors:
            raise CommandError(_("No se guardó nada: corrige el archivo e impórtalo otra vez."))
        if options["dry_run"]:
            self.stdout.write(_("Vista previa: no se guardó nada."))

    def show(self, result: ImportResult) -> None:
        counts = {
            "new": len(result.new),
            "changed": len(result.changed),
            "same": result.same,
            "errors": len(result.errors),
        }
        self.stdout.write(
            _("%(new)d nuevas, %(changed)d cambiadas, %(same)d iguales, %(errors)d errores.")
            % counts
        )
        for row in result.changed[:SHOWN]:
            for cell in row.cells:
                self.stdout.write(
                    f"  {row.row}: {row.label} · {cell.column}: {cell.before!r} -> {cell.after!r}"
                )
        for warning in result.warnings[:SHOWN]:
            self.stdout.write(self.style.WARNING(warning))
        if result.open_chats:
            self.stdout.write(
                _("Chats abiertos en pasos que cambian: %(chats)d.")
                % {"chats": result.open_chats_count}
            )
        for error in result.errors:
            self.stderr.write(str(error))


def find_company(key: str) -> Tenant:
    """The company of `key`, the default one when empty. Raises CommandError."""
    tenant = registry.by_key(key) if key else registry.default_company()
    if tenant is None:
        raise CommandError(_("No se encontró la empresa '%(key)s'.") % {"key": key})
    return tenant
