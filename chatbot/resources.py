"""The rules' sheet for the admin pages."""

from django.db.models import QuerySet

from chatbot.importing import import_rules, rule_lines
from chatbot.models import Rule
from chatbot.rule_sheet import RULE_COLUMNS
from whapco.lib.sheet_resources import SheetFormat, SheetResource
from whapco.lib.spreadsheets import Table
from whapco.lib.upsert import ImportResult


class RuleFormat(SheetFormat):
    columns = RULE_COLUMNS
    sheet = "reglas"


class RuleResource(SheetResource):
    columns = RULE_COLUMNS

    class Meta:
        model = Rule
        fields = ()

    def run_import(self, table: Table, *, dry_run: bool) -> ImportResult:
        return import_rules(table, dry_run=dry_run, publish=False)

    def lines(self, queryset: QuerySet[Rule]) -> list[list[str]]:
        return rule_lines(queryset)
