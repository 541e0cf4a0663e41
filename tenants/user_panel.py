"""The superadmins' panel: people and roles of any company, `/admin/tenants/tenant/<id>/usuarios/`.

Where no company lives in the control database, `control` stands for the id: its people are the
superadmins.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from tenants import registry
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.databases import is_outage
from tenants.errors import TenantError
from tenants.models import Role, Tenant, User
from tenants.people import is_same_person
from tenants.schema import is_behind
from tenants.superadmins import is_superadmin
from tenants.user_forms import PERSON_FIELDSETS, PersonForm, RoleForm

CONTROL = "control"
View = Callable[..., HttpResponse]


def user_urls(admin_site: AdminSite) -> list[URLPattern]:
    """For TenantAdmin.get_urls. `admin:tenants_tenant_users` takes the company's id."""

    def of_company(view: View) -> View:
        return admin_site.admin_view(sensitive_post_parameters()(_in_company(admin_site, view)))

    company = "<slug:company_id>/usuarios/"
    return [
        path(company, of_company(_people), name="tenants_tenant_users"),
        path(f"{company}nuevo/", of_company(_person), name="tenants_tenant_user_add"),
        path(f"{company}<int:pk>/", of_company(_person), name="tenants_tenant_user"),
        path(f"{company}roles/nuevo/", of_company(_role), name="tenants_tenant_role_add"),
        path(f"{company}roles/<int:pk>/", of_company(_role), name="tenants_tenant_role"),
    ]


def _in_company(admin_site: AdminSite, view: View) -> View:
    """Superadmins only. The view runs inside the company; one that cannot be entered is said."""

    @wraps(view)
    def inside(request: HttpRequest, company_id: str, **where: Any) -> HttpResponse:
        if not is_superadmin(request):
            raise PermissionDenied
        company = _company(company_id)
        context = admin_site.each_context(request) | {
            "company": company,
            "company_id": company_id,
            "in_control": company.alias == CONTROL_ALIAS,
        }
        if is_behind(company):
            return _closed(request, context, _behind(company))
        try:
            with tenant_context(company):
                return view(request, context, **where)
        except Exception as error:
            if not is_outage(error):
                raise
            return _closed(request, context, _("La base de datos de la empresa no responde."))

    return inside


def _company(company_id: str) -> Tenant:
    if company_id == CONTROL:
        return registry.control_scope()
    if not company_id.isdecimal() or len(company_id) > 18:
        raise Http404
    return get_object_or_404(Tenant, pk=int(company_id), removed_at=None)


def _behind(company: Tenant) -> str:
    if not company.schema_version:
        return _("Su base de datos aún no está lista: edita la empresa y crea su esquema aislado.")
    return _("Está en mantenimiento: su base de datos espera una actualización.")


def _closed(request: HttpRequest, context: dict[str, Any], reason: str) -> HttpResponse:
    context |= {"title": _("Usuarios de %(company)s") % context, "reason": reason}
    return render(request, "admin/tenants/tenant/closed.html", context, status=503)


def _people(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    users = User.objects.prefetch_related("roles").order_by("username")
    if not context["in_control"]:  # there the role grants nothing, and is shown to nobody
        context["hidden"] = Role.SUPERADMIN
    context |= {
        "title": _("Usuarios de %(company)s") % context,
        "people": users,
        "roles": Role.objects.exclude(keyword=Role.SUPERADMIN).order_by("name"),
    }
    return render(request, "admin/tenants/tenant/users.html", context)


def _person(request: HttpRequest, context: dict[str, Any], pk: int | None = None) -> HttpResponse:
    person = get_object_or_404(User, pk=pk) if pk else User(must_change_password=True)
    form = _PanelPersonForm(request.POST or None, instance=person)
    form.by = request.user  # type: ignore[assignment]  # _in_company
    if form.is_valid():
        try:
            form.save_person()
            if is_same_person(person, form.by):
                update_session_auth_hash(request, person)
        except TenantError as error:  # another superadmin, or an admin, was faster
            form.add_error(None, str(error))
        else:
            said = _("Se guardó a «%(person)s».") % {"person": person.get_username()}
            return _saved(request, context, said)
    context["title"] = person.get_username() if pk else _("Añadir usuario")
    return _form_page(request, context, form, PERSON_FIELDSETS)


def _role(request: HttpRequest, context: dict[str, Any], pk: int | None = None) -> HttpResponse:
    known = Role.objects.exclude(keyword=Role.SUPERADMIN)
    role = get_object_or_404(known, pk=pk) if pk else Role()
    form = RoleForm(request.POST or None, instance=role)
    if form.is_valid():
        form.save()
        return _saved(request, context, _("Se guardó el rol «%(role)s».") % {"role": role.name})
    context["title"] = role.name if pk else _("Añadir rol")
    return _form_page(request, context, form, ((None, {"fields": ("name", "keyword")}),))


class _PanelPersonForm(PersonForm):
    in_panel = True


def _saved(request: HttpRequest, context: dict[str, Any], said: str) -> HttpResponse:
    messages.success(request, said)
    if context["company"].pk:
        _write_down(request, context["company"], said)
    return HttpResponseRedirect(reverse("admin:tenants_tenant_users", args=[context["company_id"]]))


def _write_down(request: HttpRequest, company: Tenant, said: str) -> None:
    """In the company's history, which the panel shows: it lives beside the superadmins."""
    with tenant_context(registry.control_scope()):
        LogEntry.objects.log_actions(
            user_id=request.user.pk or 0,
            queryset=[company],
            action_flag=CHANGE,
            change_message=said,
            single_object=True,
        )


def _form_page(
    request: HttpRequest, context: dict[str, Any], form: "ModelForm[Any]", fieldsets: Any
) -> HttpResponse:
    context["adminform"] = AdminForm(form, fieldsets, {})
    status = 422 if form.is_bound else 200
    return render(request, "admin/tenants/tenant/person.html", context, status=status)
