"""How superadmins narrow the list of undelivered events down."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.undelivered import Events
from chatbot.undelivered_words import REASONS
from tenants import registry
from tenants.models import UndeliveredEvent

NO_NUMBER = "-"  # events of an account as a whole, and bodies that are no JSON
_NUMBERS_SHOWN = 30
_DAYS = {
    "1": gettext_lazy("Último día"),
    "7": gettext_lazy("Más de una semana"),
    "30": gettext_lazy("Más de un mes"),
}


def of_number(events: Events, number: str) -> Events:
    return events.filter(phone_number_id="" if number == NO_NUMBER else number)


class NumberFilter(admin.SimpleListFilter):
    """The numbers with most events, each with its company and how many wait."""

    title = gettext_lazy("número")
    parameter_name = "numero"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        counts = UndeliveredEvent.objects.order_by().values_list("phone_number_id")
        found = list(counts.annotate(n=Count("pk")).order_by("-n")[:_NUMBERS_SHOWN])
        registry.read_owners(number for number, _n in found if number)
        return [(number or NO_NUMBER, f"{_labelled(number)} ({n})") for number, n in found]

    def queryset(self, request: HttpRequest, queryset: Events) -> Events:
        number = self.value()
        return of_number(queryset, number) if number else queryset


class ReasonFilter(admin.SimpleListFilter):
    title = gettext_lazy("motivo")
    parameter_name = "motivo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(REASONS.items())

    def queryset(self, request: HttpRequest, queryset: Events) -> Events:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    title = gettext_lazy("antigüedad")
    parameter_name = "dias"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(_DAYS.items())

    def queryset(self, request: HttpRequest, queryset: Events) -> Events:
        days = self.value()
        if days not in _DAYS:
            return queryset
        limit = timezone.now() - timedelta(days=int(days))
        if days == "1":
            return queryset.filter(received_at__gte=limit)
        return queryset.filter(received_at__lt=limit)


def _labelled(number: str) -> str:
    if not number:
        return _("Sin número")
    owner = registry.owner_of_number(number)
    return f"{number} · {owner}" if owner else number
