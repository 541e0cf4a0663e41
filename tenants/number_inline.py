"""The numbers of a company, on its page of the superadmins' panel."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import Tenant, WhatsAppNumber
from tenants.panel_forms import NumberForm, NumberFormSet
from tenants.panel_views import described_numbers
from tenants.superadmins import is_superadmin


class NumberInline(admin.StackedInline[WhatsAppNumber, Tenant]):
    """All the numbers of the company."""

    model = WhatsAppNumber
    form = NumberForm
    formset = NumberFormSet
    fields = (("phone_number_id", "display_phone_number", "waba_id"), "line")
    readonly_fields = ("line",)

    @admin.display(description=gettext_lazy("Conexión"))
    def line(self, number: WhatsAppNumber) -> str:
        """A button of another form: a form inside the form there cannot be."""
        if not number.pk or not check_address(number):
            return _("Se puede probar cuando esté guardado.")
        words = _("Probar conexión")
        return format_html(
            '<button type="submit" form="check-{}" class="button quiet">{}</button>',
            number.pk,
            words,
        )

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else max(1, len(described_numbers(request)))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superadmin(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superadmin(request)


def check_address(number: WhatsAppNumber) -> str:
    """Where the line to Meta is tested; empty where nothing tests it."""
    try:
        return reverse("admin:tenants_whatsappnumber_check", args=[number.pk])
    except NoReverseMatch:
        return ""
