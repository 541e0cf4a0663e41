"""Login, and the change of the password that was given at creation."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class LoginForm(forms.Form):
    """Company (its key; empty: the control database), user and password."""

    company = forms.CharField(
        label=_("Empresa"),
        required=False,
        max_length=63,
        help_text=_("Déjela vacía si su instalación es de una sola empresa."),
        widget=forms.TextInput(
            attrs={"autocomplete": "organization", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    username = forms.CharField(
        label=_("Usuario"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Contraseña"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_company(self) -> str:
        return str(self.cleaned_data["company"]).strip().lower()


class NewPasswordForm(PasswordChangeForm):
    """Django's form, which would take the old password again as the new one."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("old_password") and cleaned["old_password"] == cleaned.get("new_password1"):
            raise ValidationError(_("Elija una contraseña distinta de la actual."))
        return cleaned
