"""WHO: the registry of companies (control database), users and roles (every database)."""

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from tenants.config import CompanyConfig, read_config
from tenants.context import CONTROL_ALIAS
from whapco.lib.fields import EncryptedTextField, ExactCharField

validate_key = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,62}\Z",
    _("Use de 1 a 63 letras minúsculas, números o guiones, sin empezar por guion."),
)
validate_identifier = RegexValidator(
    r"^[A-Za-z0-9_]{1,64}\Z", _("Use de 1 a 64 letras sin acento, números o guion bajo.")
)


class Tenant(models.Model):
    """One company: its key, the way to its database, its credentials and overrides.

    `(db_host, db_port, db_name)` belongs to it for ever; on SQLite host is empty and port 0.
    Removed companies stay as rows with `removed_at`, so that nobody inherits their data.
    """

    key = ExactCharField(_("clave"), max_length=63, unique=True, validators=[validate_key])
    name = models.CharField(_("nombre"), max_length=200, blank=True)
    db_name = ExactCharField(_("base de datos"), max_length=64, validators=[validate_identifier])
    db_host = ExactCharField(_("servidor"), max_length=255, blank=True)
    db_port = models.PositiveIntegerField(_("puerto"), default=0)
    db_user = models.CharField(_("usuario"), max_length=80, blank=True)
    db_password = EncryptedTextField(_("contraseña"), blank=True)
    metadata = models.JSONField(_("metadatos"), default=dict, blank=True)
    meta_token = EncryptedTextField(_("token de Meta"), blank=True)
    verify_token = EncryptedTextField(_("token de verificación"), blank=True)
    app_secret = EncryptedTextField(_("secreto de la app"), blank=True)
    active = models.BooleanField(_("activa"), default=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    paid_until = models.DateField(_("pagada hasta"), null=True, blank=True)
    schema_version = models.CharField(max_length=64, blank=True, editable=False)
    last_webhook_at = models.DateTimeField(_("último webhook"), null=True, editable=False)
    last_backup_at = models.DateTimeField(_("último respaldo"), null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    SINGLE_COMPANY_KEY = "_default"

    class Meta:
        verbose_name = _("empresa")
        verbose_name_plural = _("empresas")
        constraints = [
            models.UniqueConstraint(
                fields=["db_host", "db_port", "db_name"],
                name="tenant_database_unique",
                violation_error_message=_("Esa base de datos ya pertenece a una empresa."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.key

    @classmethod
    def single_company(cls) -> "Tenant":
        """The unsaved stand-in for the company of an installation without registry."""
        return cls(key=cls.SINGLE_COMPANY_KEY, **control_location())

    @cached_property
    def alias(self) -> str:
        if self.key == self.SINGLE_COMPANY_KEY or self.location == control_location():
            return CONTROL_ALIAS
        return f"t_{self.key}"

    @property
    def location(self) -> dict[str, Any]:
        return {"db_host": self.db_host, "db_port": self.db_port, "db_name": self.db_name}

    def database_settings(self) -> dict[str, Any]:
        """A DATABASES entry: control's, pointed at this company's database and user."""
        control = settings.DATABASES[CONTROL_ALIAS]
        if control["ENGINE"].endswith("sqlite3"):
            return {**control, "NAME": sqlite_path(self.db_name)}
        return {
            **control,
            "NAME": self.db_name,
            "HOST": self.db_host,
            "PORT": str(self.db_port),
            "USER": self.db_user or control["USER"],
            "PASSWORD": self.db_password if self.db_user else control["PASSWORD"],
        }

    @property
    def is_unpaid(self) -> bool:
        """Whether `paid_until`, the last day that is paid, has passed where the installation is."""
        return self.paid_until is not None and self.paid_until < today()

    @cached_property
    def config(self) -> CompanyConfig:
        """The settings in force for this company: its own over the installation's."""
        return read_config(self)


class WhatsAppNumber(models.Model):
    """A business number of a company. `phone_number_id` routes webhooks: one owner in all."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="numbers")
    phone_number_id = ExactCharField(_("id del número"), max_length=64, unique=True)
    waba_id = ExactCharField(_("id de la cuenta (WABA)"), max_length=64, blank=True, db_index=True)
    display_phone_number = models.CharField(_("número"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("número de WhatsApp")
        verbose_name_plural = _("números de WhatsApp")

    def __str__(self) -> str:
        return self.display_phone_number or self.phone_number_id


class UndeliveredEvent(models.Model):
    """What Meta sent for a number that no company claims. Kept, shown, replayable."""

    phone_number_id = ExactCharField(max_length=64, blank=True, db_index=True)
    waba_id = ExactCharField(max_length=64, blank=True)
    reason = models.CharField(max_length=64)
    body = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("evento sin entregar")
        verbose_name_plural = _("eventos sin entregar")

    def __str__(self) -> str:
        return self.phone_number_id or self.waba_id or self.reason


class JobLease(models.Model):
    """Which process may run a periodic job, and when it ran."""

    name = ExactCharField(max_length=80, primary_key=True)
    owner = ExactCharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True)
    last_run_at = models.DateTimeField(null=True)
    every_seconds = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)  # of the last run; empty: none

    class Meta:
        verbose_name = _("tarea periódica")
        verbose_name_plural = _("tareas periódicas")

    def __str__(self) -> str:
        return f"{self.name}"


class Role(models.Model):
    """A group of agents. A chat given to a role is seen by its agents."""

    keyword = ExactCharField(_("palabra clave"), max_length=50, unique=True)
    name = models.CharField(_("nombre"), max_length=100)

    ADMIN = "admin"
    AGENT = "asesor"
    SUPERADMIN = "superadmin"

    class Meta:
        verbose_name = _("rol")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person of one company: the row lives in that company's database."""

    roles = models.ManyToManyField(Role, blank=True, related_name="users", verbose_name=_("roles"))
    must_change_password = models.BooleanField(_("debe cambiar la contraseña"), default=False)

    class Meta:
        verbose_name = _("usuario")
        verbose_name_plural = _("usuarios")

    @property
    def owes_new_password(self) -> bool:
        """Outside the demo a password that others know opens nothing but its own change."""
        return self.must_change_password and not settings.DEMO

    def get_session_auth_hash(self) -> str:
        return self._session_hash(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str | bytes | None) -> str:
        """Bound to the user's database: a session row that comes with a restored backup opens
        nothing in the company it was restored into."""
        salt = f"tenants.User.session:{self._state.db}"
        return salted_hmac(salt, self.password, secret=secret, algorithm="sha256").hexdigest()

    def has_role(self, keyword: str) -> bool:
        return keyword in self.role_keywords

    @cached_property
    def role_keywords(self) -> frozenset[str]:
        return frozenset(role.keyword for role in self.roles.all())  # prefetched, if it is

    @property
    def sees_all_chats(self) -> bool:
        """Admins of the company, and superadmins in the control database. The same people use the
        administration pages: `is_staff` is kept equal to this."""
        return self.has_role(Role.ADMIN) or self.is_installation_superadmin

    @property
    def is_installation_superadmin(self) -> bool:
        """Superadmins exist in the control database only; elsewhere the role grants nothing."""
        return self._state.db == CONTROL_ALIAS and self.has_role(Role.SUPERADMIN)


def today() -> date:
    """In TIME_ZONE, whatever zone a page is shown in."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def control_location() -> dict[str, Any]:
    """`db_host`, `db_port`, `db_name` of the control database; on SQLite the file's stem."""
    control = settings.DATABASES[CONTROL_ALIAS]
    if control["ENGINE"].endswith("sqlite3"):
        return {"db_host": "", "db_port": 0, "db_name": Path(str(control["NAME"])).stem}
    return {
        "db_host": control["HOST"],
        "db_port": int(control["PORT"] or 3306),
        "db_name": control["NAME"],
    }


def sqlite_path(db_name: str) -> str:
    """The file of a company on SQLite: `<db_name>.sqlite3` beside the control file."""
    return str(Path(str(settings.DATABASES[CONTROL_ALIAS]["NAME"])).parent / f"{db_name}.sqlite3")


from tenants.creation_models import CompanyCreation  # noqa: E402, F401  (found here by Django)
