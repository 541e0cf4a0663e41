"""Rules in the admin. Every change is an edit of the draft: see drafts.editing.

Roles register themselves from role_admin.py, undelivered events from undelivered_admin.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from chatbot import role_admin, undelivered_admin  # noqa: F401  (register)
from chatbot.drafts import editing
from chatbot.forms import RuleForm, RuleMediaForm, RuleMediaFormSet
from chatbot.models import Rule, RuleEdit, RuleMedia
from chatbot.resources import RuleFormat, RuleResource
from chatbot.rule_pages import rule_urls
from conversations.sheet_admin import SheetAdmin


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

    def get_urls(self) -> list[Any]:
        return [*rule_urls(self), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        with self._editing(request, RuleEdit.Kind.SAVED, object_id):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        with self._editing(request, RuleEdit.Kind.DELETED, object_id):
            return super().delete_view(request, object_id, extra_context)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        with editing(RuleEdit.Kind.DELETED, author=str(request.user)) as edit:
            edit.will_change(queryset.values_list("pk", flat=True))
            super().delete_queryset(request, queryset)

    @contextmanager
    def _editing(self, request: HttpRequest, kind: str, object_id: str | None) -> Iterator[None]:
        """What a POST changes is one edit; looking is none."""
        if request.method != "POST":
            yield
            return
        with editing(kind, author=str(request.user)) as edit:
            if object_id and object_id.isdecimal():
                edit.will_change([int(object_id)])
            yield
