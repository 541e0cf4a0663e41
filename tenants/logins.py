"""Guessing passwords: django-axes counts the failures, in the company's own database.

Who failed too often, by user name and address, waits AXES_COOLOFF_TIME: ADR 15 says why.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

_IPV6_SUBSCRIBER_BITS = 64  # a line has that many addresses of its own: one visitor


def client_address(request: HttpRequest) -> str | None:
    """Whose attempt it is: the nearest address that no proxy of ours has. None: a Unix socket's."""
    nearest = request.META.get("REMOTE_ADDR", "")
    return _visitor(_forwarded(request)) or _visitor(nearest)


def is_locked_out(request: HttpRequest) -> bool:
    """Whether `authenticate` has just refused for guessing, or noted the last guess allowed."""
    return bool(getattr(request, "axes_locked_out", False))


def lockout_sentence() -> str:
    minutes = max(1, round(settings.AXES_COOLOFF_TIME.total_seconds() / 60))
    return ngettext(
        "Demasiados intentos fallidos. Espera %(count)d minuto o pide a un administrador de tu "
        "empresa que te desbloquee.",
        "Demasiados intentos fallidos. Espera %(count)d minutos o pide a un administrador de tu "
        "empresa que te desbloquee.",
        minutes,
    ) % {"count": minutes}


def unlock(usernames: Iterable[str]) -> int:
    """Let these people of the active company try again at once. How many attempts were counted."""
    attempts = AccessAttempt.objects.filter(username__in=list(usernames))
    counted: int = sum(attempts.values_list("failures_since_start", flat=True))
    attempts.delete()
    return counted


def forget_old_logins() -> None:
    """Job: drop attempts that no longer count, and sessions that have ended."""
    now = timezone.now()
    AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()
    Session.objects.filter(expire_date__lt=now).delete()


def _forwarded(request: HttpRequest) -> str:
    """What our outermost proxy saw. Each proxy adds at the end, and anybody may write before."""
    count = settings.TRUSTED_PROXY_COUNT
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return hops[-count].strip() if 0 < count <= len(hops) else ""


def _visitor(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    network = ip_network((int(address), _IPV6_SUBSCRIBER_BITS), strict=False)
    return str(network.network_address)
