"""Rules in the admin. Every change is an edit of the draft: see drafts.editing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chatbot import rule_index, rule_messages
from chatbot.drafts import editing
from chatbot.forms import RuleForm, RuleMediaForm, RuleMediaFormSet
from chatbot.models import Rule, RuleEdit, RuleMedia
from chatbot.resources import RuleFormat, RuleResource
from chatbot.rule_actions import ACTIONS, RuleActionForm
from chatbot.rule_filters import RoleFilter, StateFilter, StepFilter
from chatbot.rule_form_page import form_context, is_gone, write_again
from chatbot.rule_list import ORDER, RuleList
from chatbot.rule_messages import told_editing
from chatbot.rule_pages import rule_urls
from conversations.sheet_admin import SheetAdmin

Rules = QuerySet[Rule]
_NAMED_ON_DELETION = 50


class RuleMediaInline(admin.StackedInline[RuleMedia, Rule]):
    model = RuleMedia
    form = RuleMediaForm
    formset = RuleMediaFormSet
    template = "admin/chatbot/rule/_medias.html"
    extra = 0
    verbose_name_plural = gettext_lazy("archivos")


@admin.register(Rule)
class RuleAdmin(SheetAdmin):
    resource_classes = (RuleResource,)
    sheet_format = RuleFormat
    form = RuleForm
    inlines = (RuleMediaInline,)
    fieldsets = (
        (
            gettext_lazy("Cuándo contesta"),
            {"classes": ("rule-when",), "fields": ("step", "trigger", "match", "loaded")},
        ),
        (
            gettext_lazy("Qué contesta"),
            {"classes": ("rule-what",), "fields": ("kind", "reply", "options")},
        ),
        (
            gettext_lazy("Después"),
            {"classes": ("rule-then",), "fields": ("next_step", "role_keyword", "hands_over")},
        ),
        (
            gettext_lazy("Avanzado: orden, precios y funciones"),
            {
                "classes": ("collapse", "rule-more"),
                "fields": ("priority", "formula", "handler"),
            },
        ),
    )
    import_export_change_list_template = "admin/chatbot/rule/change_list.html"
    change_form_template = "admin/chatbot/rule/change_form.html"
    list_display = ("step", "trigger", "reply", "kind", "next_step", "role_keyword", "priority")
    list_filter = (StateFilter, StepFilter, "kind", RoleFilter)
    list_per_page = 100
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ORDER
    search_fields = ("step",)  # see get_search_results
    search_help_text = gettext_lazy("Pasos, textos, respuestas y opciones; con o sin acentos.")
    actions = ACTIONS
    action_form = RuleActionForm

    def get_urls(self) -> list[Any]:
        return [*rule_urls(self), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleList

    def get_search_results(
        self, request: HttpRequest, queryset: Rules, search_term: str
    ) -> tuple[Rules, bool]:
        if not search_term.strip():
            return queryset, False
        found = rule_index.search(rule_index.versions(), search_term)
        return queryset.filter(pk__in=found), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        told = {"title": _("Reglas"), "steps": rule_index.steps(rule_index.versions())}
        response: HttpResponse = super().changelist_view(request, told | (extra_context or {}))
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and object_id and is_gone(object_id):
            extra_context = {**(extra_context or {}), "gone": write_again(request, int(object_id))}
            object_id, form_url = None, reverse("admin:chatbot_rule_add")
        newest = rule_messages.newest_edit()
        with self._editing(request, RuleEdit.Kind.SAVED, object_id):
            response: HttpResponse = super().changeform_view(
                request, object_id, form_url, extra_context
            )
        if request.method == "POST" and response.status_code == 302:
            done = _("Guardada en el borrador: responde cuando publiques.")
            if not rule_messages.tell(request, newest, done):
                messages.info(request, _("Se quedó como estaba."))
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= form_context(context)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        newest = rule_messages.newest_edit()
        with self._editing(request, RuleEdit.Kind.DELETED, object_id):
            response: HttpResponse = super().delete_view(request, object_id, extra_context)
        if request.method == "POST":
            rule_messages.tell(request, newest, _("Borrada del borrador."))
        return response

    def delete_queryset(self, request: HttpRequest, queryset: Rules) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        said = ngettext("Borró %(n)d regla", "Borró %(n)d reglas", len(ids)) % {"n": len(ids)}
        with told_editing(request, RuleEdit.Kind.DELETED, title=said, done=said + ".") as edit:
            edit.will_change(ids)
            Rule.objects.filter(pk__in=ids).delete()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """For the page that asks: the first rules by name, and how many there are."""
        count = len(objs)
        named = [str(rule) for rule in objs[:_NAMED_ON_DELETION]]
        if count > len(named):
            named.append(_("… y %(n)d más") % {"n": count - len(named)})
        return named, {self.opts.verbose_name_plural: count}, set(), []

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Django's own words after an edit are left out: ours bring the way to undo it."""
        if args[:1] != (messages.SUCCESS,) and kwargs.get("level") != messages.SUCCESS:
            super().message_user(request, message, *args, **kwargs)

    @contextmanager
    def _editing(self, request: HttpRequest, kind: str, object_id: str | None) -> Iterator[None]:
        """What a POST changes is one edit; looking is none."""
        if request.method != "POST":
            yield
            return
        with editing(kind, author=str(request.user), title=_named(object_id)) as edit:
            if object_id and object_id.isdecimal():
                edit.will_change([int(object_id)])
            yield


def _named(object_id: str | None) -> str:
    rule = (
        Rule.objects.filter(pk=object_id).first() if object_id and object_id.isdecimal() else None
    )
    return str(rule)[:200] if rule else ""
