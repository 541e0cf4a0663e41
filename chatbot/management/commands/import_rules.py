"""manage.py import_rules FILE.xlsx [--tenant KEY] [--dry-run] [--draft]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from chatbot.import_results import RulesImport
from chatbot.importing import import_rules
from chatbot.management.sheet_command import SheetCommand
from whapco.lib.upsert import ImportResult


class Command(SheetCommand):
    help = "Import the bot's rules from an Excel file, all rows or none, and publish them."
    draft = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--draft", action="store_true", help="do not publish: edit the draft")

    def handle(self, *args: Any, **options: Any) -> None:
        self.draft = options["draft"]
        super().handle(*args, **options)

    def run_import(self, path: Path, *, dry_run: bool) -> ImportResult:
        return import_rules(path, dry_run=dry_run, publish=not self.draft)

    def show(self, result: ImportResult) -> None:
        super().show(result)
        if isinstance(result, RulesImport) and result.also_published:
            self.stdout.write(
                self.style.WARNING(
                    _("También se publicaron %(count)d cambios que estaban en el borrador.")
                    % {"count": result.also_published}
                )
            )
