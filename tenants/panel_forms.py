"""The form of a company in the superadmins' panel, and of its numbers."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.config import NUMBER
from tenants.context import CONTROL_ALIAS
from tenants.errors import TenantError
from tenants.metadata import Given
from tenants.models import Tenant, WhatsAppNumber
from tenants.numbers import Number, owner_key, taken_sentence
from tenants.panel_fields import MetadataField, SecretField, describe_secret
from tenants.places import locate, require_free
from tenants.probing import probe_database

CREDENTIALS = ("meta_token", "verify_token", "app_secret", "db_password")
_validate_host = RegexValidator(
    r"^[A-Za-z0-9._:%/\[\]-]*\Z", gettext_lazy("Escribe un nombre de servidor o una dirección IP.")
)
_validate_number = RegexValidator(
    r"^[0-9A-Za-z_-]{1,64}\Z",
    gettext_lazy("Copia el id del número tal como lo muestra Meta: solo cifras."),
)


def _text() -> forms.TextInput:
    attrs = {"class": "vTextField", "autocapitalize": "none", "spellcheck": "false"}
    return forms.TextInput(attrs=attrs)


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Credentials go in and never come out; the place of the database is for ever."""

    db_name = forms.CharField(
        label=gettext_lazy("Base de datos"),
        required=False,
        max_length=64,
        widget=_text(),
        help_text=gettext_lazy("Vacía: whapco_ y la clave. Es suya para siempre."),
    )
    db_host = forms.CharField(
        label=gettext_lazy("Servidor"),
        required=False,
        max_length=255,
        validators=[_validate_host],
        widget=_text(),
        help_text=gettext_lazy("Vacío: el mismo servidor que la base de control."),
    )
    db_port = forms.IntegerField(
        label=gettext_lazy("Puerto"),
        required=False,
        min_value=0,
        validators=[MaxValueValidator(65535)],
    )
    db_password = SecretField(label=gettext_lazy("Contraseña"), strip=False)
    meta_token = SecretField(label=gettext_lazy("Token de Meta"))
    verify_token = SecretField(label=gettext_lazy("Token de verificación"))
    app_secret = SecretField(label=gettext_lazy("Secreto de la app"))
    clear_meta_token = forms.BooleanField(label=gettext_lazy("Borrarlo"), required=False)
    clear_verify_token = forms.BooleanField(label=gettext_lazy("Borrarlo"), required=False)
    clear_app_secret = forms.BooleanField(label=gettext_lazy("Borrarlo"), required=False)
    clear_db_password = forms.BooleanField(
        label=gettext_lazy("Borrar usuario y contraseña: entra con los del servicio"),
        required=False,
    )
    metadata = MetadataField(label=gettext_lazy("Metadatos (JSON)"))
    init_schema = forms.BooleanField(
        label=gettext_lazy("Crear/actualizar esquema aislado"),
        required=False,
        help_text=gettext_lazy(
            "Crea su base de datos si falta, y sus tablas y usuarios. No borra nada."
        ),
    )

    class Meta:
        model = Tenant
        fields = ("key", "name", "paid_until", "db_user")  # metadata: see _post_clean
        help_texts = {
            "paid_until": gettext_lazy(
                "El último día pagado; vacía: sin límite. Pasado ese día sus usuarios no pueden "
                "trabajar y los mensajes se siguen guardando."
            ),
            "db_user": gettext_lazy("Vacío: el usuario del servicio."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding
        if self.is_new:
            self.fields["init_schema"].initial = True
            self.fields["key"].help_text = _(
                "Minúsculas, números y guiones. No se puede cambiar después."
            )
        for name in CREDENTIALS:
            if name in self.fields:
                self.initial.pop(name, None)
                self._describe(name)
        if "metadata" in self.fields:
            self.fields["metadata"].help_text = _(
                'Ajustes propios, como {"env": {"INITIAL_STEP": "menu"}}. Los tokens y secretos '
                "que pongas aquí se guardan cifrados y no se vuelven a mostrar."
            )

    def _describe(self, name: str) -> None:
        stored = "" if self.is_new else getattr(self.instance, name)
        if not self.is_new:
            shown = describe_secret(stored, shows_end=name != "db_password")
            kept = _("Vacío: queda como está.")  # outside the f-string, or xgettext misses it
            self.fields[name].help_text = f"{shown} {kept}"
        if not stored:
            self.fields.pop(f"clear_{name}", None)

    def clean_metadata(self) -> dict[str, Any]:
        self.given: Given = self.cleaned_data["metadata"]
        named = self.given.phone_number_id
        if named and (key := owner_key(named, but=self.instance)):
            raise ValidationError(taken_sentence(named, key))
        metadata: dict[str, Any] = self.given.metadata
        return metadata

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in CREDENTIALS:
            if cleaned.get(name) and cleaned.get(f"clear_{name}"):
                self.add_error(name, _("Escribe uno nuevo o marca borrarlo, no las dos cosas."))
        if cleaned.get("db_password") and not cleaned.get("db_user"):
            self.add_error("db_user", _("Indica también el usuario de la base de datos."))
        if not self.errors:
            self._check_new_place() if self.is_new else self._check_new_login()
        return cleaned

    def _check_new_place(self) -> None:
        cleaned = self.cleaned_data
        name = cleaned["db_name"] or f"whapco_{cleaned['key'].replace('-', '_')}"[:64]
        tenant = Tenant(key=cleaned["key"], db_name=name)
        tenant.db_host = cleaned.get("db_host") or ""
        tenant.db_port = cleaned.get("db_port") or 0
        locate(tenant)
        cleaned |= tenant.location
        try:
            require_free(tenant)
        except TenantError as error:
            self.add_error("db_name", str(error))

    def _check_new_login(self) -> None:
        """A wrong password would shut the company out of its database at once."""
        login = {name: value for name, value in self.credentials.items() if name.startswith("db_")}
        stored = Tenant.objects.get(pk=self.instance.pk)
        if all(getattr(stored, name) == value for name, value in login.items()):
            return
        for name, value in login.items():
            setattr(stored, name, value)
        try:
            probe_database(stored)
        except TenantError as error:
            self.add_error("db_user", str(error))

    @property
    def credentials(self) -> dict[str, str]:
        """What the form sets: typed (here or in the metadata) or erased."""
        cleaned = self.cleaned_data
        changes = dict(self.given.secrets)
        changes |= {name: cleaned[name] for name in CREDENTIALS if cleaned.get(name)}
        changes |= {name: "" for name in CREDENTIALS if cleaned.get(f"clear_{name}")}
        if "db_user" in cleaned:
            changes["db_user"] = "" if cleaned.get("clear_db_password") else cleaned["db_user"]
        return changes

    def _post_clean(self) -> None:
        """The instance gets what the form means: a secret left empty stays as it was."""
        if not self.errors:
            self.changes = self.credentials
            for name in CREDENTIALS:
                stored = getattr(self.instance, name)
                self.cleaned_data[name] = self.changes.get(name, stored)
        super()._post_clean()  # type: ignore[misc]


class NumberForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = WhatsAppNumber
        fields = ("phone_number_id", "display_phone_number", "waba_id")
        labels = {"display_phone_number": gettext_lazy("Teléfono")}

    def clean_phone_number_id(self) -> str:
        number = str(self.cleaned_data["phone_number_id"]).strip()
        _validate_number(number)
        if key := owner_key(number, but=Tenant(pk=self.instance.tenant_id)):
            raise ValidationError(taken_sentence(number, key))
        return number


class NumberFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """The number that the metadata name would come back with the next save."""
        super().clean()
        env = self.instance.metadata.get("env", {})
        named = str(env.get(NUMBER) or "")
        dropped = {form.initial.get("phone_number_id") for form in self.deleted_forms}
        if named and named in dropped:
            raise ValidationError(
                _("El número %(number)s está en los metadatos (%(name)s): quítalo también de allí.")
                % {"number": named, "name": NUMBER}
            )

    @property
    def numbers(self) -> list[Number]:
        """All that the company has afterwards."""
        kept = [form for form in self.forms if form not in self.deleted_forms]
        given = [form.cleaned_data for form in kept if form.cleaned_data.get("phone_number_id")]
        fields = ("phone_number_id", "waba_id", "display_phone_number")
        return [Number(**{name: data[name] for name in fields}) for data in given]


def on_a_server() -> bool:
    """Whether companies' databases are on servers, with addresses and users."""
    return not settings.DATABASES[CONTROL_ALIAS]["ENGINE"].endswith("sqlite3")
