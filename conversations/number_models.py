"""What is known of business numbers and of the account at Meta."""

from django.db import models
from django.utils import timezone

from whapco.lib.fields import ExactCharField


class NumberState(models.Model):
    """How a business number is doing: paused by a refused token, throttled, noted by Meta, and
    what Meta said when it was last asked. Without `reason` nothing is wrong with it."""

    phone_number_id = ExactCharField(max_length=64, primary_key=True)
    paused_at = models.DateTimeField(null=True)
    resume_at = models.DateTimeField(null=True)  # null with paused_at: until a person acts
    reason = models.TextField(blank=True)
    error_code = models.IntegerField(null=True)
    token_mark = ExactCharField(max_length=16, blank=True)  # of the token that was refused
    per_second = models.PositiveIntegerField(null=True)  # what its level allows, once known
    checked_at = models.DateTimeField(null=True)  # null: to be asked about soon
    check_level = models.CharField(max_length=8, blank=True)
    check_text = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.phone_number_id)


class AccountEvent(models.Model):
    """What Meta says of the account, a template or a number: kept as it came."""

    field = models.CharField(max_length=80)
    phone_number_id = ExactCharField(max_length=64, blank=True)
    waba_id = ExactCharField(max_length=64, blank=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.field
