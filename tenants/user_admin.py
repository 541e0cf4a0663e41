"""The people of a company, edited by its admins. `superadmin` does not exist on these pages."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from tenants.errors import TenantError
from tenants.logins import unlock
from tenants.models import Role, User
from tenants.people import is_same_person
from tenants.superadmins import is_superadmin
from tenants.user_forms import PERSON_FIELDSETS, PersonForm, offered_roles

_ONLY_SHOWN = ("username", "full_name", "email", "is_active", "role_names", "last_login")


def _may_unlock(request: HttpRequest, user: User) -> bool:
    """Who may lift a superadmin's lock may guess at his password without end."""
    return is_superadmin(request) or not user.has_role(Role.SUPERADMIN)


class RoleFilter(admin.SimpleListFilter):
    title = _("rol")
    parameter_name = "rol"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.keyword, role.name) for role in offered_roles(in_panel=False)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        keywords = {keyword for keyword, _name in self.lookup_choices}
        return (
            queryset.filter(roles__keyword=self.value()) if self.value() in keywords else queryset
        )


@admin.register(User)
class PersonAdmin(admin.ModelAdmin[User]):
    """Nobody is deleted: what a person wrote keeps its author. Who leaves is deactivated."""

    form = PersonForm
    list_display = ("username", "full_name", "is_active", "role_names", "last_login")
    list_filter = ("is_active", RoleFilter)
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    actions = ("unlock_logins",)

    @admin.action(description=_("Desbloquear la entrada"), permissions=["change"])
    def unlock_logins(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who failed the password too often and would rather not wait."""
        chosen = [user for user in queryset if _may_unlock(request, user)]
        names = sorted(user.get_username() for user in chosen)
        if not names:
            messages.warning(request, _("A un superadministrador solo lo desbloquea otro."))
            return
        unlock(names)
        sentence = _("Ya pueden volver a intentarlo: %(names)s.") % {"names": ", ".join(names)}
        messages.success(request, sentence)

    @admin.display(description=_("nombre"), ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("roles"))
    def role_names(self, user: User) -> str:
        shown = [role.name for role in user.roles.all() if role.keyword != Role.SUPERADMIN]
        return ", ".join(sorted(shown))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("roles")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Superadmins are changed in the panel only, by another of them."""
        is_out_of_reach = obj is not None and obj.has_role(Role.SUPERADMIN)
        return not is_out_of_reach and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Filters in the address: not by hash, nor by a role that these pages do not show."""
        is_private = lookup.startswith(("password", "roles"))
        return not is_private and super().lookup_allowed(lookup, value, request)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            about = _("A esta persona se la cambia en Empresas, no aquí.")
            return ((None, {"fields": _ONLY_SHOWN, "description": about}),)
        return PERSON_FIELDSETS

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        is_only_shown = obj is not None and not self.has_change_permission(request, obj)
        return _ONLY_SHOWN if is_only_shown else ()

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, **{**kwargs, "form": ModelForm})
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.by = request.user  # a class made for this request
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"must_change_password": True}

    @method_decorator(sensitive_post_parameters())
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except TenantError as error:  # another admin was faster
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        form.save_person()
        if is_same_person(obj, request.user):  # type: ignore[arg-type]
            update_session_auth_hash(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The roles are saved with the person, by the service."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)
