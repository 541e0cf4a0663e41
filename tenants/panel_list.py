"""What the list of companies shows of each, without asking their databases."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import Tenant, control_location, today
from tenants.schema import behind_filter, is_behind

_MOST_NUMBERS = 3


def state_of(tenant: Tenant) -> tuple[str, str]:
    """Kind and word of what matters most about the company now."""
    if tenant.removed_at:
        return "off", _("retirada")
    if not tenant.active:
        return "off", _("suspendida")
    if tenant.is_unpaid:
        return "warn", _("vencida")
    if is_behind(tenant):
        return "warn", _("esquema atrasado")
    return "on", _("activa")


def state_badge(tenant: Tenant) -> SafeString:
    return format_html('<span class="badge badge--{}">{}</span>', *state_of(tenant))


def schema_word(tenant: Tenant) -> str:
    if not is_behind(tenant):
        return _("actual")
    return _("atrasada") if tenant.schema_version else _("sin crear")


class TenantColumns(admin.ModelAdmin[Any]):
    """The columns of the list."""

    @admin.display(description=gettext_lazy("estado"))
    def state(self, tenant: Tenant) -> SafeString:
        return state_badge(tenant)

    @admin.display(description=gettext_lazy("números"))
    def number_list(self, tenant: Tenant) -> str:
        numbers = [str(number) for number in tenant.numbers.all()]
        more = len(numbers) - _MOST_NUMBERS
        return ", ".join(numbers[:_MOST_NUMBERS]) + (f" +{more}" if more > 0 else "")

    @admin.display(description=gettext_lazy("esquema"), ordering="schema_version")
    def schema(self, tenant: Tenant) -> str:
        return schema_word(tenant)


def in_control() -> Q:
    """The company in the control database, whose rows no stamp speaks for."""
    return Q(**control_location())


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("estado")
    parameter_name = "estado"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("activa", _("Activa")),
            ("suspendida", _("Suspendida")),
            ("vencida", _("Vencida")),
            ("atrasada", _("Esquema atrasado")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> QuerySet[Tenant]:
        unpaid = Q(paid_until__lt=today())
        wanted = {
            "activa": Q(active=True, removed_at=None) & ~unpaid & (~behind_filter() | in_control()),
            "suspendida": Q(active=False),
            "vencida": unpaid,
            "atrasada": behind_filter() & ~in_control(),
        }.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset
