"""WHAT IS HEARD AND SEEN: files and the text heard in them; knows nothing of chats."""

from django.db import models
from django.utils import timezone

from whapco.lib.fields import ExactCharField


class MediaFile(models.Model):
    """A file: stored, or on its way from Meta. `path` is relative to the company's upload folder
    and made by us; `original_name` is what the sender wrote: data, never a path.

    What was not measured, or cannot be, is null. While it is on its way size is 0, and `trouble`
    says what went wrong so far.
    """

    class State(models.TextChoices):
        READY = "ready"
        FETCHING = "fetching"
        WAITING = "waiting"  # it did not work, and is tried again
        FAILED = "failed"  # only a person starts it again

    path = ExactCharField(max_length=255, unique=True)
    mime_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="bytes")
    sha256 = ExactCharField(max_length=64)
    original_name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READY)
    trouble = models.TextField(blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration_seconds = models.FloatField(null=True)
    pages = models.PositiveIntegerField(null=True)
    uploaded_for = ExactCharField(
        max_length=64, blank=True
    )  # who may send it, in the caller's words
    discard_at = models.DateTimeField(null=True, db_index=True)  # an upload that nobody has sent

    def __str__(self) -> str:
        return self.original_name or self.path

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY


class MediaFetch(models.Model):
    """A file that Meta holds for us and how often it was asked for. Gone once it is here."""

    file = models.OneToOneField(MediaFile, on_delete=models.CASCADE, related_name="fetch")
    phone_number_id = ExactCharField(max_length=64)
    media_id = ExactCharField(max_length=255)
    sha256 = ExactCharField(max_length=64, blank=True)  # hex, as the webhook gave it
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, db_index=True)  # null: given up
    give_up_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.media_id} ({self.attempts})"


class MediaUpload(models.Model):
    """What Meta calls a file of ours; only for the number it was uploaded from, for 30 days."""

    file = models.ForeignKey(MediaFile, on_delete=models.CASCADE, related_name="uploads")
    phone_number_id = ExactCharField(max_length=64)
    media_id = ExactCharField(max_length=255)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "phone_number_id"], name="one_upload_per_number"
            )
        ]

    def __str__(self) -> str:
        return str(self.media_id)


class StorageTrouble(models.Model):
    """Why files cannot be kept right now, for admins to read. Gone once one was kept."""

    class Kind(models.TextChoices):
        DISK = "disk"
        QUOTA = "quota"

    kind = models.CharField(max_length=5, choices=Kind.choices, primary_key=True)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.kind)


from media_pipeline.transcription_models import (  # noqa: E402  (found here by Django)
    Transcription as Transcription,
)
