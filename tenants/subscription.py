"""A company's paid time: what its people are told before it ends and after.

Messages are stored all the same; the bot and the outbox are silent (docs/adr names the reasons).
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.models import Role, Tenant, User, today

NOTICE_DAYS = 7
_PAYMENT_REQUIRED = 402


def ended(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The answer to somebody who may not work: a page; for programs its sentence. An open inbox
    is told to load itself again, which brings the page."""
    if not request.accepts("text/html"):
        return JsonResponse({"error": ended_sentence(tenant)}, status=_PAYMENT_REQUIRED)
    context = {"company": tenant, "ended": _ended(tenant), "way_out": _way_out()}
    response = render(request, "tenants/unpaid.html", context, status=_PAYMENT_REQUIRED)
    if request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


def ended_sentence(tenant: Tenant) -> str:
    return f"{_ended(tenant)} {_way_out()}"


def renewal_notice(tenant: Tenant, user: User) -> str:
    """For the company's admins, from NOTICE_DAYS before the last paid day; else empty."""
    if tenant.paid_until is None:
        return ""
    days = (tenant.paid_until - today()).days
    if not 0 <= days <= NOTICE_DAYS or not user.has_role(Role.ADMIN):
        return ""
    return f"{_days_left(days)} {_way_out()}"


def _days_left(days: int) -> str:
    if days == 0:
        return _("La suscripción de la empresa termina hoy.")
    return ngettext(
        "La suscripción de la empresa termina mañana.",
        "La suscripción de la empresa termina en %(days)d días.",
        days,
    ) % {"days": days}


def _ended(tenant: Tenant) -> str:
    return _("La suscripción de %(company)s terminó el %(day)s.") % {
        "company": tenant,
        "day": date_format(tenant.paid_until or today(), "DATE_FORMAT"),
    }


def _way_out() -> str:
    if settings.SUPPORT_CONTACT:
        return _("Para renovarla: %(contact)s.") % {"contact": settings.SUPPORT_CONTACT}
    return _("Para renovarla, habla con quien administra tu instalación de whapco.")
