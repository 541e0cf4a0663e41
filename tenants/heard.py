"""When Meta last wrote to each company: for the list of companies, to the minute."""

import logging
import time

from django.db import Error as DatabaseError
from django.utils import timezone

from tenants.context import control_atomic
from tenants.models import Tenant

logger = logging.getLogger(__name__)
EVERY_SECONDS = 60.0  # per process and company: the hot path must not pay for it
_noted: dict[str, float] = {}


def note_webhook(tenant: Tenant) -> None:
    """Never raises: the message itself is stored."""
    now = time.monotonic()
    if now - _noted.get(tenant.key, -EVERY_SECONDS) < EVERY_SECONDS or tenant.pk is None:
        return
    _noted[tenant.key] = now
    try:
        with control_atomic():
            Tenant.objects.filter(pk=tenant.pk).update(last_webhook_at=timezone.now())
    except DatabaseError:
        logger.warning("The last webhook of %s was not noted", tenant.key, exc_info=True)


def forget() -> None:
    _noted.clear()
