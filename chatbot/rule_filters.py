"""How people narrow the list of rules down."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot import rule_index
from chatbot.models import Rule
from tenants.models import Role

NO_ROLE = "-"
Rules = QuerySet[Rule]


class StepFilter(admin.SimpleListFilter):
    """A box to write in: a company may have hundreds of steps."""

    title = gettext_lazy("paso")
    parameter_name = "step__exact"
    template = "admin/chatbot/rule/_step_filter.html"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        mine = (self.parameter_name, "p")
        self.others = [(name, request.GET[name]) for name in request.GET if name not in mine]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(step, step) for step in rule_index.steps(rule_index.versions())]

    def queryset(self, request: HttpRequest, queryset: Rules) -> Rules:
        return queryset.filter(step=self.value()) if self.value() else queryset


class RoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("rol")
    parameter_name = "rol"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        roles = Role.objects.exclude(keyword=Role.SUPERADMIN).order_by("name")
        return [*((role.keyword, role.name) for role in roles), (NO_ROLE, _("Sin rol"))]

    def queryset(self, request: HttpRequest, queryset: Rules) -> Rules:
        role = self.value()
        if role is None:
            return queryset
        return queryset.filter(role_keyword__iexact="" if role == NO_ROLE else role)


class StateFilter(admin.SimpleListFilter):
    """What is to be mended, and what does not answer yet as it stands here."""

    title = gettext_lazy("estado")
    parameter_name = "estado"
    choices_told = (
        ("sin_publicar", gettext_lazy("Sin publicar")),
        ("con_error", gettext_lazy("Con error")),
        ("con_aviso", gettext_lazy("Con error o aviso")),
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.choices_told)

    def queryset(self, request: HttpRequest, queryset: Rules) -> Rules:
        state = self.value()
        if state == "sin_publicar":
            return queryset.filter(pk__in=list(rule_index.unpublished(rule_index.versions())))
        if state not in dict(self.choices_told):
            return queryset
        found = rule_index.findings(rule_index.versions())
        wanted = [
            pk for pk, those in found.items() if state != "con_error" or rule_index.has_error(those)
        ]
        return queryset.filter(pk__in=wanted)
