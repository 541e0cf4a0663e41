"""manage.py check_rules [--tenant KEY] [--live] [--json]"""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from chatbot.checker import Finding, has_errors
from chatbot.checking import check_draft, check_rules
from chatbot.management.sheet_command import find_company
from chatbot.publishing import published_rules
from tenants.management.companies import inside


class Command(BaseCommand):
    """Exit code 1 when a finding is an error, or the company is unknown."""

    help = "Say what is wrong with a company's rules: the draft, or what answers now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", default="", metavar="KEY", help="default: DEFAULT_TENANT")
        parser.add_argument("--live", action="store_true", help="what answers; default: the draft")
        parser.add_argument("--json", action="store_true", help="the findings as a JSON list")

    def handle(self, *_args: Any, **options: Any) -> None:
        with inside(find_company(options["tenant"])):
            found = check_rules(published_rules()) if options["live"] else check_draft()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        else:
            self.show(found)
        if has_errors(found):
            raise CommandError(_("Las reglas tienen errores."))

    def show(self, found: list[Finding]) -> None:
        styles = {"error": self.style.ERROR, "warning": self.style.WARNING}
        for one in found:
            place = " · ".join(filter(None, (one.step, one.trigger)))
            line = f"{place}: {one.message}" if place else one.message
            self.stdout.write(styles.get(one.severity, str)(line))
        if not found:
            self.stdout.write(_("Todo en orden."))
