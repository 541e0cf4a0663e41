"""manage.py export_rules FILE.xlsx [--tenant KEY] [--live] [--force]"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatbot.drafts import draft_rules
from chatbot.importing import lines_of
from chatbot.management.sheet_command import find_company
from chatbot.publishing import published_rules
from chatbot.resources import RuleFormat
from chatbot.rule_sheet import RULE_COLUMNS
from tenants.management.companies import inside
from whapco.lib.spreadsheets import write_table


class Command(BaseCommand):
    """Exit code 1 when the company is unknown, or the file stands there or cannot be written."""

    help = "Write a company's rules to an Excel file that import_rules reads back the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.xlsx")
        parser.add_argument("--tenant", default="", metavar="KEY", help="default: DEFAULT_TENANT")
        parser.add_argument(
            "--live", action="store_true", help="what answers now; default: the draft, as edited"
        )
        parser.add_argument("--force", action="store_true", help="replace a file that stands there")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if path.exists() and not options["force"]:
            raise CommandError(
                _("El archivo «%(file)s» ya existe: usa otro nombre o --force.") % {"file": path}
            )
        with inside(find_company(options["tenant"])):
            lines = lines_of(published_rules() if options["live"] else draft_rules())
        titles = [column.name for column in RULE_COLUMNS]
        _write(path, write_table(titles, lines, sheet=RuleFormat.sheet))
        self.stdout.write(
            _("%(count)d reglas en «%(file)s».") % {"count": len(lines), "file": path}
        )


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        os.replace(fresh, path)
    except OSError as error:
        raise CommandError(
            _("No se pudo escribir «%(file)s»: %(reason)s.")
            % {"file": path, "reason": error.strerror}
        ) from error
