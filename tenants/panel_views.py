"""The panel's pages beside the form: progress of a creation, suspension, test of the database."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants import services
from tenants.creation import discard, retry
from tenants.creation_models import CompanyCreation
from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.probing import Probe, probe_database
from tenants.schema import is_behind

_MOST_DIGITS = 18
Panel = admin.ModelAdmin[Any]
State, Step = CompanyCreation.State, CompanyCreation.Step


def panel_urls(panel: Panel) -> list[URLPattern]:
    """For TenantAdmin.get_urls."""

    def of_panel(view: Any) -> Any:
        def inside(request: HttpRequest, **where: Any) -> HttpResponse:
            response: HttpResponse = view(request, panel, **where)
            return response

        return panel.admin_site.admin_view(inside)

    return [
        path("creacion/<int:pk>/", of_panel(progress), name="tenants_tenant_creation"),
        path(
            "creacion/<int:pk>/reintentar/", of_panel(again), name="tenants_tenant_creation_retry"
        ),
        path("creacion/<int:pk>/descartar/", of_panel(drop), name="tenants_tenant_creation_drop"),
        path("<int:pk>/suspender/", of_panel(suspend), name="tenants_tenant_suspend"),
        path("<int:pk>/probar/", of_panel(check), name="tenants_tenant_check"),
    ]


def progress(request: HttpRequest, panel: Panel, pk: int) -> HttpResponse:
    """The page, and by htmx the part of it that moves."""
    creation = _creation(pk)
    title = _("Crear %(key)s") if creation.is_new_company else _("Esquema de %(key)s")
    context = {
        **panel.admin_site.each_context(request),
        "title": title % {"key": creation.key},
        "creation": creation,
        "steps": _steps(creation),
    }
    is_part = request.headers.get("HX-Request") == "true"
    template = "_creation.html" if is_part else "creation.html"
    return render(request, f"admin/tenants/tenant/{template}", context)


@require_POST
def again(request: HttpRequest, panel: Panel, pk: int) -> HttpResponse:
    retry(_creation(pk))
    return redirect("admin:tenants_tenant_creation", pk)


@require_POST
def drop(request: HttpRequest, panel: Panel, pk: int) -> HttpResponse:
    try:
        if not discard(_creation(pk), by=request.user.get_username()):
            messages.warning(request, _("Sigue en marcha: espera a que termine."))
    except TenantError as error:
        messages.error(request, str(error))
    return redirect("admin:tenants_tenant_creation", pk)


def suspend(request: HttpRequest, panel: Panel, pk: int) -> HttpResponse:
    """Suspends an active company and resumes a suspended one, once what that means is read."""
    company = _company(request, panel, pk)
    if request.method == "POST":
        return _switch(request, panel, company, active=request.POST.get("active") == "1")
    title = _("Suspender %(company)s") if company.active else _("Reanudar %(company)s")
    context = {
        **panel.admin_site.each_context(request),
        "title": title % {"company": company},
        "company": company,
    }
    return render(request, "admin/tenants/tenant/suspend.html", context)


@require_POST
def check(request: HttpRequest, panel: Panel, pk: int) -> HttpResponse:
    company = _company(request, panel, pk)
    try:
        probe = probe_database(company)
    except TenantError as error:
        messages.error(request, str(error))
    else:
        is_ready = not probe.missing and not is_behind(company)
        messages.add_message(
            request, messages.SUCCESS if is_ready else messages.WARNING, _told(probe, is_ready)
        )
    return redirect("admin:tenants_tenant_change", pk)


def described(request: HttpRequest) -> dict[str, Any]:
    """The company that `?desde=` names a creation of, to be asked for again."""
    pk = request.GET.get("desde", "")
    if not pk.isdecimal() or len(pk) > _MOST_DIGITS:
        return {}
    creation = CompanyCreation.objects.filter(pk=int(pk)).defer("secrets").first()
    return {"key": creation.key, **creation.description} if creation else {}


def described_numbers(request: HttpRequest) -> list[dict[str, str]]:
    numbers: list[dict[str, str]] = described(request).get("numbers", [])
    return numbers


def _switch(request: HttpRequest, panel: Panel, company: Tenant, *, active: bool) -> HttpResponse:
    """The page says which way: sent twice, it does not turn back."""
    try:
        services.update_tenant(company, active=active)
    except TenantError as error:
        messages.error(request, str(error))
    else:
        said = _("Reanudada.") if active else _("Suspendida.")
        panel.log_change(request, company, said)
        messages.success(request, said)
    return redirect("admin:tenants_tenant_change", company.pk)


def _told(probe: Probe, is_ready: bool) -> str:
    answered = _(
        "La base de datos responde: %(connect).1f ms para conectar, %(answer).1f ms por consulta."
    ) % {"connect": probe.connect_ms, "answer": probe.answer_ms}
    if is_ready:
        ready = _("El esquema está al día.")  # outside the f-string, or xgettext misses it
        return f"{answered} {ready}"
    if probe.is_empty:
        state = _("No tiene tablas:")
    elif probe.missing:
        state = _("Al esquema le faltan %(count)d migraciones:") % {"count": probe.missing}
    else:
        state = _("Tiene las tablas, pero la empresa no está marcada como lista:")
    way_out = _("marca «Crear/actualizar esquema aislado» y guarda.")
    return f"{answered} {state} {way_out}"


def _steps(creation: CompanyCreation) -> list[tuple[str, str]]:
    """Kind (done, now, failed, next) and words of each step."""
    steps = [step for step in Step if _has_step(creation, step)]
    reached = steps.index(Step(creation.step)) if creation.step in steps else 0
    if creation.state == State.DONE:
        reached = len(steps)
    here = "failed" if creation.state == State.FAILED or creation.is_interrupted else "now"
    kinds = ["done"] * reached + [here] + ["next"] * len(steps)
    return [(kind, str(step.label)) for kind, step in zip(kinds, steps, strict=False)]


def _has_step(creation: CompanyCreation, step: str) -> bool:
    if step == Step.REGISTER:
        return creation.is_new_company
    makes_schema = creation.description.get("init_schema", True)
    return step == Step.CHECK or makes_schema


def _creation(pk: int) -> CompanyCreation:
    return get_object_or_404(CompanyCreation.objects.select_related("tenant"), pk=pk)


def _company(request: HttpRequest, panel: Panel, pk: int) -> Tenant:
    company: Tenant = get_object_or_404(panel.get_queryset(request), pk=pk)
    return company
