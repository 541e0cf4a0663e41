"""Quick replies in the admin. Numbers and contacts' changes register from modules of theirs."""

from typing import Any

from django.contrib import admin

from conversations import contact_change_admin, number_admin  # noqa: F401  (they register)
from conversations.models import QuickReply, QuickReplyMedia
from conversations.resources import ButtonFormat, QuickReplyResource
from conversations.sheet_admin import SheetAdmin


class QuickReplyMediaInline(admin.TabularInline[Any, Any]):
    model = QuickReplyMedia
    extra = 0
    fields = ("position", "url", "file")
    raw_id_fields = ("file",)


@admin.register(QuickReply)
class QuickReplyAdmin(SheetAdmin):
    resource_classes = (QuickReplyResource,)
    sheet_format = ButtonFormat
    list_display = ("name", "category", "kind", "message")
    list_filter = ("category", "kind")
    search_fields = ("name", "message", "category")
    inlines = (QuickReplyMediaInline,)
