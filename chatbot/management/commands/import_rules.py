"""manage.py import_rules FILE.xlsx [--tenant KEY] [--dry-run]"""

from pathlib import Path

from chatbot.importing import import_rules
from chatbot.management.sheet_command import SheetCommand
from whapco.lib.upsert import ImportResult


class Command(SheetCommand):
    help = "Import the bot's rules from an Excel file: all rows or none."

    def run_import(self, path: Path, *, dry_run: bool) -> ImportResult:
        return import_rules(path, dry_run=dry_run)
