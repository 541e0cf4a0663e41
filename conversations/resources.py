"""The quick replies' sheet for the admin pages."""

from django.db.models import QuerySet

from conversations.button_sheet import BUTTON_COLUMNS
from conversations.importing import button_lines, import_buttons
from conversations.models import QuickReply
from whapco.lib.sheet_resources import SheetFormat, SheetResource
from whapco.lib.spreadsheets import Table
from whapco.lib.upsert import ImportResult


class ButtonFormat(SheetFormat):
    columns = BUTTON_COLUMNS
    sheet = "botones"


class QuickReplyResource(SheetResource):
    columns = BUTTON_COLUMNS

    class Meta:
        model = QuickReply
        fields = ()

    def run_import(self, table: Table, *, dry_run: bool) -> ImportResult:
        return import_buttons(table, dry_run=dry_run)

    def lines(self, queryset: QuerySet[QuickReply]) -> list[list[str]]:
        return button_lines(queryset)
