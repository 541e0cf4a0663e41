"""Where the making of companies is written down (control database). tenants.creation does it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from whapco.lib.fields import EncryptedTextField, ExactCharField


class CompanyCreation(models.Model):
    """A company being made, or its schema brought up to date, in the background: how far it got.

    `secrets` holds the credentials of the job as JSON until it ends.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("en espera")
        RUNNING = "running", _("en curso")
        DONE = "done", _("lista")
        FAILED = "failed", _("no se pudo")

    class Step(models.TextChoices):
        CHECK = "check", _("Comprobar los datos")
        DATABASE = "database", _("Crear la base de datos")
        TABLES = "tables", _("Crear o actualizar las tablas")
        USERS = "users", _("Crear los usuarios y roles")
        REGISTER = "register", _("Registrar la empresa")

    key = ExactCharField(max_length=63)
    tenant = models.ForeignKey(
        "tenants.Tenant", models.CASCADE, null=True, related_name="creations"
    )
    description = models.JSONField(default=dict)
    secrets = EncryptedTextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.CharField(max_length=10, choices=Step, default=Step.CHECK)
    error = models.TextField(blank=True)
    requested_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField()  # the job writes it again and again while it is alive

    BEAT_SECONDS = 3
    DEAD_AFTER_SECONDS = 15

    class Meta:
        verbose_name = _("creación de empresa")
        verbose_name_plural = _("creaciones de empresas")

    def __str__(self) -> str:
        return f"{self.key}"

    @property
    def is_new_company(self) -> bool:
        """Else only the schema of one that exists."""
        return "init_schema" in self.description

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def is_interrupted(self) -> bool:
        """Whether the process that should be at it has died."""
        silence = timezone.now() - self.beat_at
        return self.is_open and silence.total_seconds() > self.DEAD_AFTER_SECONDS
