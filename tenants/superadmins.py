"""The administration pages that belong to the whole installation: for superadmins only."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.models import Tenant, User

View = Callable[..., HttpResponseBase]


class SuperadminPages(admin.ModelAdmin[Any]):
    """Strangers go to the login; everybody else who is no superadmin gets 403 at every address,
    those that subclasses add included, and finds nothing of it in the index."""

    @property
    def urls(self) -> list[URLPattern]:
        urls = self.get_urls()
        for url in urls:
            url.callback = _for_superadmins(url.callback)
        return urls

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superadmin(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superadmin(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superadmin(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superadmin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superadmin(request)


def company_link(company: Tenant) -> SafeString:
    """Its name, leading to its page; suspended ones say so. An installation without companies is
    one itself, and has no page."""
    name = str(company) if company.active else _("%(name)s (suspendida)") % {"name": company}
    if company._state.adding:
        return escape(_("Esta instalación"))
    address = reverse("admin:tenants_tenant_change", args=[company.pk])
    return format_html('<a href="{}">{}</a>', address, name)


def is_superadmin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_installation_superadmin


def _for_superadmins(view: View) -> View:
    """Django's own guard would send people without the right to the login, in circles."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not is_superadmin(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def to_companies(request: HttpRequest) -> HttpResponseBase:
    """`/admin/tenants/`: the list, whoever may see it."""
    to_list = admin.site.admin_view(lambda _request: redirect("admin:tenants_tenant_changelist"))
    return _for_superadmins(to_list)(request)
