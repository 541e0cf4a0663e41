"""WHAT TO SAY: the rules of a company and each contact's place in its flow.

The rows of Rule are the draft; what answers is the last RulebookRelease."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.release_models import (
    RulebookRelease,
    RuleChange,
    RuleEdit,
    Scenario,
    UnmatchedPhrase,
)
from conversations.models import Conversation
from media_pipeline.models import MediaFile

__all__ = [
    "BotSession",
    "Rule",
    "RuleChange",
    "RuleEdit",
    "RuleMedia",
    "RulebookRelease",
    "RulebookVersion",
    "Scenario",
    "UnmatchedPhrase",
]


class Rule(models.Model):
    """step + what was said -> reply + next step. Words as shop owners have them in Excel."""

    class Kind(models.TextChoices):
        TEXT = "texto", _("Texto")
        BUTTONS = "boton", _("Botones")
        LIST = "lista", _("Lista")
        IMAGE = "image", _("Imagen")
        VIDEO = "video", _("Video")
        AUDIO = "audio", _("Audio")
        DOCUMENT = "document", _("Documento")
        FLOW = "flow", _("Formulario (Flow)")

    class Match(models.TextChoices):
        EXACT = "exacta", _("Exacta")
        CONTAINS = "contiene", _("Contiene")

    step = models.CharField(_("paso"), max_length=120, db_index=True)
    trigger = models.TextField(_("texto del cliente"))
    reply = models.TextField(_("respuesta"), blank=True)
    next_step = models.TextField(_("paso siguiente"), blank=True)  # may be a list "a,b,c"
    kind = models.CharField(_("tipo"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    options = models.JSONField(_("opciones"), null=True, blank=True)
    role_keyword = models.CharField(_("rol"), max_length=50, blank=True)
    formula = models.TextField(_("cálculo"), blank=True)
    handler = models.CharField(_("función"), max_length=100, blank=True)
    hands_over = models.BooleanField(_("derivar a un asesor"), default=False)
    priority = models.IntegerField(_("prioridad"), default=100)
    match = models.CharField(
        _("coincidencia"), max_length=8, choices=Match.choices, default=Match.EXACT
    )
    revision = models.PositiveIntegerField(default=0, editable=False)  # grows with each edit

    class Meta:
        verbose_name = _("regla")
        verbose_name_plural = _("reglas")
        ordering = ["priority", "id"]

    def __str__(self) -> str:
        return f"{self.step} · {self.trigger}"


class RuleMedia(models.Model):
    """A file or an http(s) address sent with a rule, in order. Addresses go to Meta as links."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="medias")
    url = models.TextField(_("dirección"), blank=True)
    kind = models.CharField(_("tipo"), max_length=20, blank=True)
    file = models.ForeignKey(MediaFile, on_delete=models.PROTECT, null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.url or str(self.file)


class RulebookVersion(models.Model):
    """One row: how processes notice that something changed. Updating it first is also the lock by
    which one edit or publication at a time goes on."""

    version = models.BigIntegerField(default=0)  # the release that answers; 0: none yet
    draft = models.BigIntegerField(default=0)  # grows with every edit of a rule

    def __str__(self) -> str:
        return str(self.version)


class BotSession(models.Model):
    """A contact's place in the flow."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="bot_session"
    )
    step = models.CharField(_("paso"), max_length=120)
    is_open = models.BooleanField(default=True)
    fallback_sent = models.BooleanField(default=False)
    contact_spoke_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sesión")
        verbose_name_plural = _("sesiones")
        indexes = [models.Index(fields=["is_open", "contact_spoke_at"], name="session_idle")]

    def __str__(self) -> str:
        return self.step
