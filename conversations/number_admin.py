"""The business numbers of the whole installation, for superadmins: is Meta's line to each in order?

Numbers are added, changed and taken away on their company's page.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from conversations import account_events, number_check, numbers, services
from conversations.models import NumberState
from conversations.number_check import Level
from conversations.whatsapp.errors import GraphError
from tenants.context import tenant_context
from tenants.errors import TenantError
from tenants.models import UndeliveredEvent, WhatsAppNumber
from tenants.reasons import as_tenant_error
from tenants.schema import is_behind
from tenants.superadmins import SuperadminPages, company_link

_SHOWN_AS = {
    Level.GOOD: messages.SUCCESS,
    Level.DOUBT: messages.WARNING,
    Level.BAD: messages.ERROR,
}


@admin.register(WhatsAppNumber)
class NumberAdmin(SuperadminPages):
    list_display = ("__str__", "phone_number_id", "waba_id", "company")
    list_select_related = ("tenant",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = (
        "display_phone_number",
        "phone_number_id",
        "waba_id",
        "tenant__key",
        "tenant__name",
    )
    ordering = ("tenant__key", "phone_number_id")
    fields = ("display_phone_number", "phone_number_id", "waba_id", "company")
    readonly_fields = ("company",)

    @admin.display(description=_("empresa"), ordering="tenant__key")
    def company(self, number: WhatsAppNumber) -> SafeString:
        return company_link(number.tenant)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("Números de WhatsApp"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WhatsAppNumber]:
        return super().get_queryset(request).filter(tenant__removed_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "tenants_whatsappnumber"
        return [
            path("<int:pk>/probar/", guard(self.ask_meta), name=f"{name}_check"),
            path("<int:pk>/suscribir/", guard(self.subscribe), name=f"{name}_subscribe"),
            path("<int:pk>/reanudar/", guard(self.resume), name=f"{name}_resume"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def ask_meta(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One line for each thing that Meta was asked."""
        number = self._number(request, pk)
        for finding in number_check.check(number):
            messages.add_message(request, _SHOWN_AS[finding.level], str(finding))
        return self._back(request, pk)

    @method_decorator(require_POST)
    def subscribe(self, request: HttpRequest, pk: int) -> HttpResponse:
        number = self._number(request, pk)
        try:
            number_check.subscribe(number)
        except GraphError as error:
            messages.error(request, error.text)
        else:
            said = gettext("Suscrita: Meta envía a la aplicación los mensajes de esta cuenta.")
            self._say(request, number, said)
        return self._back(request, pk)

    @method_decorator(require_POST)
    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        number = self._number(request, pk)
        try:
            with _company_of(number):
                services.try_number_again(number.phone_number_id)
        except TenantError as error:
            messages.error(request, str(error))
        else:
            self._say(request, number, gettext("Envíos reanudados: lo que esperaba sale ahora."))
        return self._back(request, pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        number = context["original"]
        waiting = UndeliveredEvent.objects.filter(phone_number_id=number.phone_number_id)
        context |= {
            "sending": _sending(number),
            "undelivered": waiting.count(),
            "title": gettext("Número de WhatsApp"),
        }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def _number(self, request: HttpRequest, pk: int) -> WhatsAppNumber:
        number: WhatsAppNumber = get_object_or_404(
            self.get_queryset(request).select_related("tenant"), pk=pk
        )
        return number

    def _say(self, request: HttpRequest, number: WhatsAppNumber, said: str) -> None:
        """Also to who reads the number's history."""
        messages.success(request, said)
        self.log_change(request, number, said)

    def _back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """To the page that asked, when it says which: the company's page has the button too."""
        asked = request.POST.get("next", "")
        own = reverse("admin:tenants_whatsappnumber_change", args=[pk])
        safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
        return HttpResponseRedirect(asked if safe else own)


@dataclass(frozen=True)
class Sending:
    """What the company's database says of the number; `unreadable` is why it says nothing."""

    trouble: NumberState | None = None
    waiting: int = 0
    checked: NumberState | None = None
    events: Sequence[account_events.Told] = ()
    unreadable: str = ""


def _sending(number: WhatsAppNumber) -> Sending:
    try:
        with _company_of(number):
            phone = number.phone_number_id
            return Sending(
                numbers.trouble_of(phone),
                services.count_waiting(phone),
                numbers.last_check(phone),
                account_events.of_number(phone, number.waba_id, number.display_phone_number),
            )
    except TenantError as error:
        return Sending(unreadable=str(error))


@contextmanager
def _company_of(number: WhatsAppNumber) -> Iterator[None]:
    """Inside the company's database. Raises TenantError when it is not ready or not there."""
    if is_behind(number.tenant):
        raise TenantError(gettext("La base de la empresa espera una actualización."))
    with as_tenant_error(number.tenant), tenant_context(number.tenant):
        yield
