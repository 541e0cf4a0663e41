"""The rules' sheet for the admin pages."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chatbot.import_results import RulesImport
from chatbot.importing import import_rules, rule_lines
from chatbot.models import Rule
from chatbot.rule_sheet import RULE_COLUMNS
from chatbot.rule_template import rule_template
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

    def run_import(self, table: Table, *, dry_run: bool, author: str, title: str) -> ImportResult:
        return import_rules(table, dry_run=dry_run, author=author, title=title, publish=False)

    def lines(self, queryset: QuerySet[Rule]) -> list[list[str]]:
        return rule_lines(queryset)

    @staticmethod
    def template() -> bytes:
        return rule_template()

    @staticmethod
    def ways_on(result: ImportResult, _request: HttpRequest) -> SafeString:
        """The button is of the form `undo-form` of the list of rules."""
        edit_id = result.edit_id if isinstance(result, RulesImport) else None
        if edit_id is None:
            return SafeString()
        return format_html(
            '<button class="undo" type="submit" form="undo-form" formaction="{}">{}</button> '
            '<a href="{}">{}</a>',
            reverse("admin:chatbot_rule_undo", args=[edit_id]),
            _("Deshacer esta importación"),
            reverse("admin:chatbot_rule_publish"),
            _("Revisar y publicar"),
        )
