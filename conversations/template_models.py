"""The templates that Meta approved: what may be sent outside the 24-hour window."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from whapco.lib.fields import ExactCharField


class MessageTemplate(models.Model):
    """A template as Meta last listed it (cloud-api: GET /<WABA>/message_templates)."""

    waba_id = ExactCharField(max_length=64)
    name = ExactCharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=32)  # Meta's word; only APPROVED can be sent
    components = models.JSONField(default=list)
    synced_at = models.DateTimeField()

    class Meta:
        verbose_name = _("plantilla")
        verbose_name_plural = _("plantillas")
        constraints = [
            models.UniqueConstraint(fields=["waba_id", "name", "language"], name="one_template")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"
