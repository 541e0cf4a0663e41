"""What agents send with one click."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from media_pipeline.models import MediaFile


class QuickReply(models.Model):
    """What an agent sends with one click ("botón" in the Excel of older installations)."""

    name = models.CharField(_("nombre"), max_length=200, blank=True)
    message = models.TextField(_("mensaje"), blank=True)
    kind = models.CharField(_("tipo"), max_length=20, default="texto")
    category = models.CharField(_("categoría"), max_length=200, blank=True)
    options = models.JSONField(_("opciones"), null=True, blank=True)

    class Meta:
        verbose_name = _("respuesta rápida")
        verbose_name_plural = _("respuestas rápidas")

    def __str__(self) -> str:
        return self.name


class QuickReplyMedia(models.Model):
    """A file or address that goes with a quick reply, in order."""

    quick_reply = models.ForeignKey(QuickReply, on_delete=models.CASCADE, related_name="medias")
    url = models.TextField(blank=True)
    file = models.ForeignKey(MediaFile, on_delete=models.PROTECT, null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.url or str(self.file)
