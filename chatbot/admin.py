"""Rules in the admin. Every change tells the other processes through the rulebook's version.

Roles register themselves from role_admin.py, undelivered events from undelivered_admin.py.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chatbot import role_admin, undelivered_admin  # noqa: F401  (register)
from chatbot.forms import RuleForm, RuleMediaForm, RuleMediaFormSet
from chatbot.models import Rule, RuleMedia
from chatbot.resources import RuleFormat, RuleResource
from chatbot.rulebooks import bump_version
from conversations.sheet_admin import SheetAdmin
from tenants.context import atomic


class RuleMediaInline(admin.TabularInline[RuleMedia, Rule]):
    model = RuleMedia
    form = RuleMediaForm
    formset = RuleMediaFormSet
    extra = 0
    raw_id_fields = ("file",)


@admin.register(Rule)
class RuleAdmin(SheetAdmin):
    resource_classes = (RuleResource,)
    sheet_format = RuleFormat
    form = RuleForm
    inlines = (RuleMediaInline,)
    list_display = ("step", "trigger", "reply", "kind", "next_step", "priority")
    list_filter = ("kind", "match", "hands_over", "role_keyword", "step")
    search_fields = ("step", "trigger", "reply", "next_step")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        bump_version()

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        super().delete_model(request, obj)
        bump_version()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        with atomic():
            super().delete_queryset(request, queryset)
            bump_version()
