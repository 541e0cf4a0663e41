"""manage.py import_rules FILE.xlsx [--tenant KEY] [--dry-run] [--draft] [--stranded WAY]"""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from chatbot.checking import check_draft
from chatbot.finding_words import count_words, finding_line
from chatbot.import_results import RulesImport
from chatbot.importing import import_rules
from chatbot.management.sheet_command import SHOWN, SheetCommand
from chatbot.management.stranded_option import add_stranded
from chatbot.move_choices import NEAREST, moved_words
from whapco.lib.upsert import ImportResult


class Command(SheetCommand):
    help = "Import the bot's rules from an Excel file, all rows or none, and publish them."
    draft = False
    stranded = NEAREST

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--draft", action="store_true", help="do not publish: edit the draft")
        add_stranded(parser, default=NEAREST, otherwise=NEAREST)

    def handle(self, *args: Any, **options: Any) -> None:
        self.draft, self.stranded = options["draft"], options["stranded"]
        super().handle(*args, **options)

    def run_import(self, path: Path, *, dry_run: bool) -> ImportResult:
        result = import_rules(path, dry_run=dry_run, publish=not self.draft, stranded=self.stranded)
        if dry_run or result.errors:
            return result
        return replace(result, findings=tuple(check_draft()))

    def show(self, result: ImportResult) -> None:
        super().show(result)
        if not isinstance(result, RulesImport):
            return
        for finding in result.findings[:SHOWN]:
            self.stdout.write(self.style.WARNING(finding_line(finding)))
        if not result.errors:
            self.stdout.write(count_words(result.findings))
        if result.also_published:
            self.stdout.write(
                self.style.WARNING(
                    _("También se publicaron %(count)d cambios que estaban en el borrador.")
                    % {"count": result.also_published}
                )
            )
        if result.moved_chats:
            self.stdout.write(moved_words(result.moved_chats))
