"""What was heard in files: the rows are the queue of the transcribers."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Transcription(models.Model):
    """What an engine heard in a file: queued, running, done or failed.

    `text` is what counts, perhaps edited; `original_text` what the engine wrote. Done with a
    `problem` means: for people to read, not for the rules.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    class Problem(models.TextChoices):
        TOO_LONG = "too_long", _("El audio es más largo de lo que se transcribe.")
        NOTHING = "nothing", _("No se entendió ninguna palabra.")
        UNSURE = "unsure", _("El motor no está seguro de lo que oyó.")
        UNREADABLE = "unreadable", _("El archivo no se puede leer como audio.")
        NO_FILE = "no_file", _("El audio no llegó.")
        NO_ENGINE = "no_engine", _("No hay con qué transcribir.")

    file = models.OneToOneField(
        "media_pipeline.MediaFile", on_delete=models.CASCADE, related_name="transcription"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    problem = models.CharField(max_length=10, choices=Problem.choices, blank=True)
    text = models.TextField(blank=True)
    original_text = models.TextField(blank=True)
    confidence = models.FloatField(null=True)
    engine = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    edited_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["status", "claimed_at"], name="transcription_work")]

    def __str__(self) -> str:
        return f"{self.file}: {self.status}"

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.FAILED)
