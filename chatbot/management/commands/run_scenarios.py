"""manage.py run_scenarios [--tenant KEY] [--live]"""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from chatbot import scenarios
from chatbot.management.sheet_command import find_company
from tenants.management.companies import inside


class Command(BaseCommand):
    help = "Hold a company's scenarios against its draft, or what is live. Exit 1 if one fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="key of the company")
        parser.add_argument(
            "--live", action="store_true", help="the published rules, not the draft"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with inside(find_company(options["tenant"])):
            results = scenarios.run_all(scenarios.rules_of("live" if options["live"] else "draft"))
        failed = [result for result in results if not result.passed]
        for result in failed:
            self._tell(result)
        counts = {"failed": len(failed), "count": len(results)}
        if failed:
            raise CommandError(_("Escenarios que fallan: %(failed)d de %(count)d.") % counts)
        self.stdout.write(_("Escenarios que pasan: %(count)d.") % counts)

    def _tell(self, result: scenarios.ScenarioResult) -> None:
        turn = result.turns[(result.turn or 1) - 1]
        self.stdout.write(f"{result.scenario.name} · {result.turn}: {turn.said}")
        for mark, texts in (("-", turn.expected), ("+", turn.got)):
            for text in texts:
                self.stdout.write(f"  {mark} {_indented(text)}")
        if turn.expected == turn.got:
            self.stdout.write(f"  {turn.expected_step} → {turn.step}")


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
