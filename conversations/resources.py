"""The quick replies' sheet for the admin pages."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations import button_undo
from conversations.button_sheet import BUTTON_COLUMNS, button_template
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

    def run_import(self, table: Table, *, dry_run: bool, author: str, title: str) -> ImportResult:
        result = import_buttons(table, dry_run=dry_run)
        if result.before is not None and result.before.after:
            button_undo.keep(result.before)
        return result

    def lines(self, queryset: QuerySet[QuickReply]) -> list[list[str]]:
        return button_lines(queryset)

    @staticmethod
    def template() -> bytes:
        return button_template()

    @staticmethod
    def ways_on(result: ImportResult, request: HttpRequest) -> SafeString:
        if not result.new and not result.changed:
            return SafeString()
        return format_html(
            '<form class="undo-form" method="post" action="{}">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '<button class="undo">{}</button></form>',
            reverse("admin:conversations_quickreply_undo_import"),
            get_token(request),
            _("Deshacer esta importación"),
        )

    can_undo = staticmethod(button_undo.can_undo)

    @staticmethod
    def undo() -> str:
        return _("Importación deshecha: %(count)d respuestas rápidas como estaban.") % {
            "count": button_undo.undo()
        }
