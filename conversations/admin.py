"""Quick replies in the admin."""

from typing import Any

from django.contrib import admin

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
