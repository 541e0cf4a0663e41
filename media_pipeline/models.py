"""WHAT IS HEARD AND SEEN: files and the text heard in them; knows nothing of chats."""

from django.db import models

from whapco.lib.fields import ExactCharField


class MediaFile(models.Model):
    """A stored file. `path` is relative to the company's upload folder and made by us;
    `original_name` is what the sender wrote: data, never a path."""

    path = ExactCharField(max_length=255, unique=True)
    mime_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="bytes")
    sha256 = ExactCharField(max_length=64)
    original_name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.original_name or self.path


class Transcription(models.Model):
    """What an engine heard in a file: queued, running, done or failed."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    file = models.OneToOneField(MediaFile, on_delete=models.CASCADE, related_name="transcription")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    text = models.TextField(blank=True)
    confidence = models.FloatField(null=True)
    engine = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.file}: {self.status}"
