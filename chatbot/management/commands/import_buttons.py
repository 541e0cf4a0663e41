"""manage.py import_buttons FILE.xlsx [--tenant KEY] [--dry-run]"""

from pathlib import Path

from chatbot.management.sheet_command import SheetCommand
from conversations.importing import import_buttons
from whapco.lib.upsert import ImportResult


class Command(SheetCommand):
    help = "Import the agents' quick replies from an Excel file: all rows or none."

    def run_import(self, path: Path, *, dry_run: bool) -> ImportResult:
        return import_buttons(path, dry_run=dry_run)
