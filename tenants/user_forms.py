"""People and roles, as the company's admin pages and the superadmins' panel edit them."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin, UsernameField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from tenants.context import CONTROL_ALIAS, require_alias
from tenants.errors import TenantError
from tenants.models import Role, User
from tenants.people import EDITED, check_person, save_person

PERSON_FIELDSETS = (
    (None, {"fields": ("username", "first_name", "last_name", "email")}),
    (_("Acceso"), {"fields": ("is_active", "role_keywords")}),
    (_("Contraseña"), {"fields": ("password1", "password2", "must_change_password")}),
)


class PersonForm(SetPasswordMixin, forms.ModelForm):  # type: ignore[type-arg]
    """A user of the active company. Whoever shows it sets `by`, who is changing, and `in_panel`:
    only there, and only in the control database, can `superadmin` be ticked."""

    by: User
    in_panel = False
    role_keywords = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Marcado: tiene el rol. Sin marcar: se le quita."),
    )
    password1, password2 = SetPasswordMixin.create_password_fields(
        _("Contraseña temporal"), _("Otra vez la contraseña")
    )

    class Meta:
        model = User
        fields = EDITED
        field_classes = {"username": UsernameField}
        labels = {
            "username": _("Usuario"),
            "last_name": _("Apellidos"),
            "email": _("Correo"),
            "is_active": _("Puede entrar"),
            "must_change_password": _("Debe cambiar la contraseña al entrar"),
        }
        help_texts = {
            "username": _("Con este nombre entra. Letras, números y @ . + - _"),
            "must_change_password": _("La que pones tú a otra persona siempre es temporal."),
            "is_active": _("Sin marcar, sale de inmediato y no vuelve a entrar. Nada se borra."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = offered_roles(in_panel=self.in_panel)
        self.fields["role_keywords"].choices = [  # type: ignore[attr-defined]
            (role.keyword, role.name) for role in roles
        ]
        self.fields["password2"].help_text = ""
        _widen(self)
        if self.instance.pk:
            self.initial["role_keywords"] = sorted(self.instance.role_keywords)
            self._make_password_optional()

    def _make_password_optional(self) -> None:
        for name in ("password1", "password2"):
            self.fields[name].required = False
        self.fields["password1"].label = _("Contraseña nueva")

    def clean_username(self) -> str:
        """`Ana` and `ana` would be one user on MariaDB and two on SQLite: one everywhere."""
        username = str(self.cleaned_data["username"])
        same = User.objects.filter(username__iexact=username).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(_("Ya hay alguien con ese usuario en la empresa."))
        return username

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.validate_passwords()
        for name, other in (("password1", "password2"), ("password2", "password1")):
            if cleaned.get(other) and cleaned.get(name) == "":
                self.add_error(name, _("Escribe la contraseña también aquí."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # fills the instance: both checks look at it
        self.validate_password_for_user(self.instance)
        if not self.errors:
            try:
                check_person(self.instance, self.wanted, by=self.by, in_panel=self.in_panel)
            except TenantError as error:
                self.add_error(None, str(error))

    @property
    def wanted(self) -> set[str]:
        return set(self.cleaned_data["role_keywords"])

    def save_person(self) -> User:
        """Raises TenantError: somebody else changed the people since the form was checked."""
        user: User = self.instance
        save_person(
            user,
            self.wanted,
            by=self.by,
            password=self.cleaned_data["password1"],
            in_panel=self.in_panel,
        )
        return user


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The keyword is for ever: rules name the role by it."""

    class Meta:
        model = Role
        fields = ("name", "keyword")
        help_texts = {
            "keyword": _("Con ella nombran las reglas al rol. No se puede cambiar después."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _widen(self)
        self.fields["keyword"].disabled = bool(self.instance.pk)
        if not self.instance.pk:
            self.fields["keyword"].validators.append(validate_keyword)

    def clean_keyword(self) -> str:
        keyword = str(self.cleaned_data["keyword"])
        if not self.instance.pk and keyword == Role.SUPERADMIN:
            raise ValidationError(_("Ese rol lo da solo un superadministrador, en Empresas."))
        return keyword


validate_keyword = RegexValidator(
    r"^[a-z0-9][a-z0-9_-]*\Z",
    _("Usa minúsculas sin acento, números, guion o guion bajo, sin espacios."),
)


def _widen(form: "forms.ModelForm[Any]") -> None:
    """The admin's own width for every line of text, also where the admin did not make the field."""
    for field in form.fields.values():
        if getattr(field.widget, "input_type", "") in ("text", "email", "password"):
            field.widget.attrs["class"] = "vTextField"


def offered_roles(*, in_panel: bool) -> list[Role]:
    """The roles that can be ticked in the active company."""
    roles = Role.objects.order_by("name")
    if in_panel and require_alias() == CONTROL_ALIAS:
        return list(roles)
    return list(roles.exclude(keyword=Role.SUPERADMIN))
