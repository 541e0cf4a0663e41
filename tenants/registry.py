"""Finds companies: by key, by business number, by account. Cached for a second per process."""

import time
from collections.abc import Callable, Hashable

from django.conf import settings

from tenants.context import CONTROL_ALIAS
from tenants.models import Tenant, WhatsAppNumber, control_location
from tenants.together import together

Name = Hashable
Load = Callable[[], Tenant | None]
_cache: dict[Name, tuple[float, Tenant | None]] = {}
_learned: set[tuple[str, str]] = set()  # (number, account) that this process has written down
_CACHE_LIMIT = 10_000


def by_key(key: str, *, include_inactive: bool = False) -> Tenant | None:
    """The company of that key; inactive and removed ones only when asked for."""
    scope = control_scope() if key == Tenant.SINGLE_COMPANY_KEY else None
    tenant = scope or _cached(("key", key), lambda: Tenant.objects.filter(key=key).first())
    if tenant is None or (not include_inactive and not _is_open(tenant)):
        return None
    return tenant


def by_phone_number_id(phone_number_id: str) -> Tenant | None:
    """The company that owns the number, active or not: an inactive one's webhooks are kept."""
    return _cached(
        ("number", phone_number_id),
        lambda: Tenant.objects.filter(
            numbers__phone_number_id=phone_number_id, removed_at=None
        ).first(),
    )


def owner_of_number(phone_number_id: str, *, or_default: bool = True) -> Tenant | None:
    """The company that a webhook's number is for: its owner, else the default company when the
    number is the one configured for it, or (`or_default`) when it has none at all."""
    owner = by_phone_number_id(phone_number_id)
    if owner is not None:
        return owner
    default = default_company()
    own = default.config.phone_number_id
    if own:
        return default if own == phone_number_id else None
    return default if or_default and _has_no_number(default) else None


def by_waba_id(waba_id: str) -> Tenant | None:
    """The company with a number in that WhatsApp Business Account, when it is only one."""
    return _cached(("waba", waba_id), lambda: _only_company_of(waba_id))


def owner_of_account(waba_id: str) -> Tenant | None:
    """Whose an event is that names an account and no number. Where no company has numbers, there
    is nobody but the default company."""
    owner = by_waba_id(waba_id) if waba_id else None
    return owner or (default_company() if _nobody_has_numbers() else None)


def learn_account(phone_number_id: str, waba_id: str) -> None:
    """Write down the account of a number, as a signed webhook shows it: account events name the
    account alone. Another company's account is not taken. Costs two statements per process and
    number."""
    pair = (phone_number_id, waba_id)
    if pair in _learned or not waba_id.strip("0"):  # "0": a test from Meta's dashboard
        return
    _learned.add(pair)
    of_account = WhatsAppNumber.objects.filter(waba_id=waba_id)
    number = WhatsAppNumber.objects.filter(phone_number_id=phone_number_id).first()
    if number is None or of_account.exclude(tenant=number.tenant_id).exists():
        return
    if number.waba_id != waba_id:
        WhatsAppNumber.objects.filter(pk=number.pk).update(waba_id=waba_id)
        _cache.clear()


def control_scope() -> Tenant:
    """The company that lives in the control database, else the single-company stand-in."""
    found = _cached(
        ("scope",),
        lambda: Tenant.objects.filter(**control_location(), removed_at=None).first(),
    )
    return found or Tenant.single_company()


def default_company() -> Tenant:
    """Who a request without any sign of a company is for. An unknown DEFAULT_TENANT is the
    control scope: it is registered there at start."""
    named = by_key(settings.DEFAULT_TENANT) if settings.DEFAULT_TENANT else None
    return named or control_scope()


def active_tenants() -> list[Tenant]:
    """Every company whose jobs run, the control scope included. Read afresh."""
    tenants = list(Tenant.objects.filter(active=True, removed_at=None))
    if all(tenant.alias != CONTROL_ALIAS for tenant in tenants):
        tenants.append(control_scope())
    return tenants


def forget() -> None:
    """Drop what is cached, after this process changed a company."""
    _cache.clear()
    _learned.clear()


def _is_open(tenant: Tenant) -> bool:
    return tenant.active and tenant.removed_at is None


def _has_no_number(tenant: Tenant) -> bool:
    """The stand-in of an installation without registry has none while nobody has: once a company
    has a number, a number that no company claims is unknown."""
    if tenant.key == Tenant.SINGLE_COMPANY_KEY:
        return _nobody_has_numbers()
    owners = Tenant.objects.filter(numbers__isnull=False, pk=tenant.pk)
    return _cached(("numbers of", tenant.key), owners.first) is None


def _nobody_has_numbers() -> bool:
    owners = Tenant.objects.filter(numbers__isnull=False)
    return _cached(("any numbers",), owners.first) is None


def _only_company_of(waba_id: str) -> Tenant | None:
    having = Tenant.objects.filter(numbers__waba_id=waba_id, removed_at=None)
    owners = list(having.distinct()[:2])
    return owners[0] if len(owners) == 1 else None


def _cached(name: Name, load: Load) -> Tenant | None:
    """Misses go through the group commit: many threads that miss at once share one look-up, and
    none of them needs a connection to the control database."""
    known = _cache.get(name)
    if known is not None and _is_fresh(known[0]):
        return known[1]
    return together(_look_up, (name, load), tenant=Tenant.single_company(), urgent=True)


def _look_up(wanted: list[tuple[Name, Load]]) -> list[Tenant | None]:
    """Group operation."""
    if len(_cache) > _CACHE_LIMIT:  # hostile keys must not fill the memory
        _cache.clear()
    for name, load in wanted:
        if name not in _cache or not _is_fresh(_cache[name][0]):
            _cache[name] = (time.monotonic(), load())
    return [_cache[name][1] for name, _ in wanted]


def _is_fresh(read_at: float) -> bool:
    return time.monotonic() - read_at < settings.REGISTRY_CACHE_SECONDS
