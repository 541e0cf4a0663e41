"""The superadmins' panel: `/admin/tenants/tenant/`, the companies of the installation."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from tenants import registry, services
from tenants.context import CONTROL_ALIAS
from tenants.creation import recent_creations, start_creation, start_schema
from tenants.errors import TenantError
from tenants.models import Tenant
from tenants.number_inline import NumberInline, check_address
from tenants.panel_forms import TenantForm, on_a_server
from tenants.panel_list import StateFilter, TenantColumns, state_badge
from tenants.panel_views import described, described_numbers, panel_urls
from tenants.reasons import sealed
from tenants.superadmins import SuperadminPages
from tenants.user_panel import user_urls
from whapco.lib.fields import DecryptError

_SECRETS = ("db_password", "meta_token", "verify_token", "app_secret")
_PLACE = ("db_name", "db_host", "db_port")
_SHOWN = ("state_now", "schema_now", "last_webhook_at", "last_backup_at", "created")
_META = ("callback_url", "verification")
Fields = list[Any]


@admin.register(Tenant)
class TenantAdmin(SuperadminPages, TenantColumns):
    """Companies are made in the background, changed through tenants.services, never deleted."""

    form = TenantForm
    inlines = (NumberInline,)
    list_display = (
        "key",
        "name",
        "state",
        "number_list",
        "schema",
        "last_webhook_at",
        "last_backup_at",
        "paid_until",
    )
    list_display_links = ("key", "name")
    list_filter = (StateFilter,)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("key", "name", "numbers__phone_number_id", "numbers__display_phone_number")
    search_help_text = gettext_lazy("Clave, nombre o número")
    ordering = ("key",)
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A company's data outlives it, and its database is nobody else's ever."""
        return False

    def get_urls(self) -> list[URLPattern]:
        return [*user_urls(self.admin_site), *panel_urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return super().get_queryset(request).filter(removed_at=None)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "creations": recent_creations(),
            "control": registry.control_scope(),
            "title": _("Empresas"),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Without the secrets: nothing on the list needs them."""
        changelist = super().get_changelist_instance(request)
        listed = changelist.result_list
        changelist.result_list = listed.defer(*_SECRETS, "metadata").prefetch_related("numbers")
        return changelist

    # The form -----------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Tenant | None = None) -> Any:
        return [
            (None, {"fields": _identity(obj)}),
            (gettext_lazy("WhatsApp"), {"fields": _whatsapp(obj)}),
            (gettext_lazy("Base de datos"), {"fields": _database(obj)}),
            (gettext_lazy("Ajustes"), {"fields": ["metadata"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> Any:
        return ("key", *_PLACE, *_SHOWN, *_META) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Tenant | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Fields that the page does not show are not taken either."""
        shown = {
            name
            for _title, options in self.get_fieldsets(request, obj)
            for field in options["fields"]
            for name in (field if isinstance(field, tuple) else (field,))
        }
        shown -= set(self.get_readonly_fields(request, obj))
        hidden = dict.fromkeys(set(TenantForm.declared_fields) - shown)
        kwargs["form"] = type("TenantForm", (TenantForm,), hidden)
        kwargs["fields"] = [name for name in kwargs["fields"] if name in shown]
        return super().get_form(request, obj, change=change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What a creation that failed was asked to make, without its credentials."""
        description = described(request)
        fields = ("name", "paid_until", "metadata", "init_schema", *_PLACE, "db_user")
        return {name: description[name] for name in ("key", *fields) if name in description}

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        given: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and not obj.pk:
            given["initial"] = described_numbers(request)
        return given

    @method_decorator(sensitive_post_parameters())
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            response: HttpResponse = super().changeform_view(request, object_id, *args, **kwargs)
        except TenantError as error:  # somebody else was faster than the form's own checks
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())
        except DecryptError:
            messages.error(request, sealed())
            return redirect("admin:tenants_tenant_changelist")
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        company = context["original"]
        context |= {
            "title": str(company) if company else _("Empresa nueva"),
            "subtitle": None,
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        if company:
            numbers = [(number, check_address(number)) for number in company.numbers.all()]
            context["number_checks"] = [(number.pk, url) for number, url in numbers if url]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    # Saving -------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The services save, once the numbers are known too."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        (formset,) = formsets
        formset.save(commit=False)  # nothing is written: the history wants to know what changed
        tenant, who = form.instance, request.user.get_username()
        tenant.creation = None
        if not change:
            tenant.creation = start_creation(
                tenant,
                metadata=form.given.metadata,
                numbers=formset.numbers,
                init_schema=form.cleaned_data["init_schema"],
                requested_by=who,
            )
            return
        exactly = {"paid_until": form.cleaned_data["paid_until"], **form.changes}
        services.update_tenant(
            tenant,
            name=form.cleaned_data["name"],
            metadata=form.given.metadata,
            replace_metadata=True,
            exactly=exactly,
            numbers=formset.numbers,
        )
        if form.cleaned_data["init_schema"]:
            tenant.creation = start_schema(tenant, requested_by=who)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """It does not exist yet; its creation says who asked for it."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        return redirect("admin:tenants_tenant_creation", obj.creation.pk)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if obj.creation:
            return redirect("admin:tenants_tenant_creation", obj.creation.pk)
        messages.success(request, _("Se guardó «%(company)s».") % {"company": obj})
        return redirect("admin:tenants_tenant_change", obj.pk)

    # What is only shown -------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Estado"))
    def state_now(self, tenant: Tenant) -> SafeString:
        return state_badge(tenant)

    @admin.display(description=gettext_lazy("Esquema"))
    def schema_now(self, tenant: Tenant) -> str:
        return self.schema(tenant)

    @admin.display(description=gettext_lazy("Creada"))
    def created(self, tenant: Tenant) -> str:
        return date_format(localtime(tenant.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("URL de devolución de llamada"))
    def callback_url(self, tenant: Tenant) -> str:
        """Meta sends to an address on the internet, which only the operator knows."""
        base = settings.PUBLIC_BASE_URL or _("https://TU-DOMINIO")
        return f"{base}/webhook?tenant={tenant.key}"

    @admin.display(description=gettext_lazy("Verificación"))
    def verification(self, tenant: Tenant) -> str:
        if tenant.verify_token:
            return _("Escribe en Meta el token de verificación de esta empresa.")
        if settings.VERIFY_TOKEN:
            return _("Escribe en Meta el token de la instalación (VERIFY_TOKEN).")
        return _("Falta: guarda aquí un token de verificación y escribe el mismo en Meta.")


def _identity(obj: Tenant | None) -> Fields:
    if obj is None:
        return ["key", "name", "paid_until"]
    return ["key", "name", *_SHOWN, "paid_until"]


def _whatsapp(obj: Tenant | None) -> Fields:
    names = ("meta_token", "app_secret", "verify_token")
    if obj is None:
        return list(names)
    return [*_META, *(_with_clear(obj, name) for name in names)]


def _database(obj: Tenant | None) -> Fields:
    fields: Fields = list(_PLACE) if on_a_server() else ["db_name"]
    if on_a_server() and (obj is None or obj.alias != CONTROL_ALIAS):
        fields += ["db_user", _with_clear(obj, "db_password") if obj else "db_password"]
    return [*fields, "init_schema"]


def _with_clear(obj: Tenant, name: str) -> Any:
    return (name, f"clear_{name}") if getattr(obj, name) else name
