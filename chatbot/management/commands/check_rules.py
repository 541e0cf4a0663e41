"""manage.py check_rules [--tenant KEY] [--live] [--json]"""

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from chatbot.checker import Finding, has_errors
from chatbot.checking import check_draft, check_rules
from chatbot.finding_words import count_words, finding_line
from chatbot.management.sheet_command import find_company
from chatbot.publishing import published_rules
from tenants.management.companies import inside


class Command(BaseCommand):
    help = "Say what is wrong with a company's rules. Exit code 1 if anything is an error."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", metavar="KEY", help="default: DEFAULT_TENANT")
        parser.add_argument(
            "--live", action="store_true", help="the published rules, not the draft"
        )
        parser.add_argument("--json", action="store_true", help="for programs: a list of findings")

    def handle(self, *args: Any, **options: Any) -> None:
        with inside(find_company(options["tenant"])):
            found = check_rules(published_rules()) if options["live"] else check_draft()
        if options["json"]:
            told = [asdict(finding) for finding in found]
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            self._tell(found)
        if has_errors(found):
            raise CommandError(count_words(found))

    def _tell(self, found: Collection[Finding]) -> None:
        for finding in found:
            self.stdout.write(finding_line(finding))
        if not has_errors(found):
            self.stdout.write(count_words(found))
