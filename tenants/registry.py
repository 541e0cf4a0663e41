"""Finds companies: by key, by business number, by account.

Cached per process: a second without asking, then (at most ten minutes) for as long as the registry
as a whole has not changed, which one look a second tells for all companies.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections
from django.db.models import Q, QuerySet

from tenants.context import CONTROL_ALIAS
from tenants.models import Tenant, WhatsAppNumber, control_location
from tenants.statements import load, select
from tenants.together import together
from whapco.lib.fields import DecryptError

logger = logging.getLogger(__name__)
Name = tuple[str, ...]
Row = tuple[Any, ...]
Load = Callable[[], Tenant | None]
_learned: set[tuple[str, str]] = set()  # (number, account) that this process has written down
_CACHE_LIMIT = 10_000
_KEPT_SECONDS = 600.0
_COUNTS = (
    "SELECT (SELECT COUNT(*) FROM tenants_tenant), (SELECT COUNT(*) FROM tenants_whatsappnumber)"
)
# What of the registry changes with each change. SQLite's companies live on one machine, whose clock
# goes forward; on a server the clocks of several would hide a change from the latest time.
_MARKS = {
    "sqlite": ", (SELECT MAX(updated_at) FROM tenants_tenant),"
    " (SELECT GROUP_CONCAT(phone_number_id || waba_id || tenant_id) FROM tenants_whatsappnumber)",
    "mysql": ", (SELECT SUM(CRC32(CONCAT_WS(' ', id, updated_at))) FROM tenants_tenant),"
    " (SELECT SUM(CRC32(CONCAT_WS(' ', phone_number_id, waba_id, tenant_id)))"
    " FROM tenants_whatsappnumber)",
}


class _Entry(NamedTuple):
    read_at: float
    mark: Row
    tenant: Tenant | None


_cache: dict[Name, _Entry] = {}
_mark: tuple[float, Row] = (-1e9, ())  # when it was read, and what the registry looked like


def by_key(key: str, *, include_inactive: bool = False) -> Tenant | None:
    """The company of that key; inactive and removed ones only when asked for."""
    scope = control_scope() if key == Tenant.SINGLE_COMPANY_KEY else None
    tenant = scope or _cached(("key", key), lambda: _row("tenants_tenant.key = %s", key))
    if tenant is None or (not include_inactive and not _is_open(tenant)):
        return None
    return tenant


def by_phone_number_id(phone_number_id: str) -> Tenant | None:
    """The company that owns the number, active or not: an inactive one's webhooks are kept."""
    owns = "removed_at IS NULL AND id = (SELECT tenant_id FROM tenants_whatsappnumber"
    owns += " WHERE phone_number_id = %s)"
    return _cached(("number", phone_number_id), lambda: _row(owns, phone_number_id))


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


def read_owners(phone_number_ids: Iterable[str], waba_ids: Iterable[str] = ()) -> None:
    """Read at once who has these numbers and accounts, for whoever asks about many of them next:
    one statement, however many they are."""
    numbers, accounts = set(phone_number_ids), set(waba_ids) - {""}
    rows = WhatsAppNumber.objects.filter(
        Q(phone_number_id__in=numbers) | Q(waba_id__in=accounts), tenant__removed_at=None
    )
    owners: dict[Name, dict[int, Tenant]] = {("number", number): {} for number in numbers}
    owners |= {("waba", account): {} for account in accounts}
    for row in rows.select_related("tenant"):
        for name in (("number", row.phone_number_id), ("waba", row.waba_id)):
            owners.get(name, {})[row.tenant_id] = row.tenant
    now = time.monotonic()
    for known, found in owners.items():
        owner = next(iter(found.values())) if len(found) == 1 else None
        _cache[known] = _Entry(now, (), owner)  # undated: for a second only


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


def learn_shown_number(phone_number_id: str, shown: str) -> None:
    """Write down how people dial the number, as Meta tells it (at most 32 characters)."""
    if shown:
        WhatsAppNumber.objects.filter(phone_number_id=phone_number_id).update(
            display_phone_number=shown
        )


def control_scope() -> Tenant:
    """The company that lives in the control database, else the single-company stand-in."""
    found = _cached(("scope",), _resident)
    assert found is not None  # noqa: S101  (tells mypy)
    return found


def _resident() -> Tenant:
    found = Tenant.objects.filter(**control_location(), removed_at=None).first()
    return found or Tenant.single_company()


def default_company() -> Tenant:
    """Who a request without any sign of a company is for. An unknown DEFAULT_TENANT is the
    control scope: it is registered there at start."""
    named = by_key(settings.DEFAULT_TENANT) if settings.DEFAULT_TENANT else None
    return named or control_scope()


def active_tenants(
    but: Callable[[str, datetime | None], bool] | None = None,
) -> list[Tenant]:
    """Every company whose jobs run, the control scope included; whom Meta wrote to last comes
    first. Read afresh. `but` says, by key and last webhook, whom to leave out: their rows, with
    secrets to decrypt, are not read."""
    found = Tenant.objects.filter(active=True, removed_at=None).order_by("-last_webhook_at", "pk")
    if but is not None:
        names = found.values_list("pk", "key", "last_webhook_at")
        found = found.filter(pk__in=[pk for pk, key, heard_at in names if not but(key, heard_at)])
    tenants, _sealed = readable(found)
    if all(tenant.alias != CONTROL_ALIAS for tenant in tenants):
        with suppress(DecryptError):  # the log has just said so
            tenants.append(control_scope())
    return tenants


def readable(rows: QuerySet[Tenant]) -> tuple[list[Tenant], list[str]]:
    """The companies, and the keys of those whose secrets no key of FIELD_KEYS opens: that is not
    the others' trouble."""
    try:
        return list(rows), []
    except DecryptError:
        return _one_by_one(rows)


def _one_by_one(rows: QuerySet[Tenant]) -> tuple[list[Tenant], list[str]]:
    found: list[Tenant] = []
    sealed: list[str] = []
    for pk, key in rows.values_list("pk", "key"):
        try:
            found += Tenant.objects.filter(pk=pk)
        except DecryptError:
            logger.error("The secrets of company %s do not open with FIELD_KEYS", key)
            sealed.append(key)
    return found, sealed


def forget() -> None:
    """Drop what is cached, after this process changed a company."""
    global _mark
    _cache.clear()
    _mark = (-1e9, ())
    _learned.clear()


def _row(where: str, value: str) -> Tenant | None:
    """With a thousand companies every request may be the first of its second to one of them, and
    Django compiles a queryset each time."""
    found = load(Tenant, where, value, alias=CONTROL_ALIAS)
    return found[0] if found else None


def _is_open(tenant: Tenant) -> bool:
    return tenant.active and tenant.removed_at is None


def _has_no_number(tenant: Tenant) -> bool:
    """The stand-in of an installation without registry has none while nobody has: once a company
    has a number, a number that no company claims is unknown."""
    if tenant.key == Tenant.SINGLE_COMPANY_KEY:
        return _nobody_has_numbers()
    owners = Tenant.objects.filter(numbers__isnull=False, pk=tenant.pk).only("pk")
    return _cached(("numbers of", tenant.key), owners.first) is None


def _nobody_has_numbers() -> bool:
    owners = Tenant.objects.filter(numbers__isnull=False).only("pk")
    return _cached(("any numbers",), owners.first) is None


def _only_company_of(waba_id: str) -> Tenant | None:
    having = Tenant.objects.filter(numbers__waba_id=waba_id, removed_at=None)
    owners = list(having.distinct()[:2])
    return owners[0] if len(owners) == 1 else None


def _cached(name: Name, read: Load) -> Tenant | None:
    """Misses go through the group commit: many threads that miss at once share one look-up, and
    none of them needs a connection to the control database."""
    known = _cache.get(name)
    if known is not None and _is_fresh(known):
        return known.tenant
    return together(_look_up, (name, read), tenant=Tenant.single_company(), urgent=True)


def _look_up(wanted: list[tuple[Name, Load]]) -> list[Tenant | None]:
    """Group operation."""
    if len(_cache) > _CACHE_LIMIT:  # hostile keys must not fill the memory
        _cache.clear()
    for name, read in wanted:
        if name not in _cache or not _is_fresh(_cache[name]):
            mark = _mark_now() if settings.REGISTRY_CACHE_SECONDS else ()  # before what it dates
            entry = _cache[name] = _Entry(time.monotonic(), mark, read())
            if entry.tenant is not None and name[0] == "number":
                _cache["key", entry.tenant.key] = entry  # its background work asks by key next
    return [_cache[name].tenant for name, _ in wanted]


def _is_fresh(entry: _Entry) -> bool:
    age = time.monotonic() - entry.read_at
    if age < settings.REGISTRY_CACHE_SECONDS:
        return True
    may_last = settings.REGISTRY_CACHE_SECONDS and age < _KEPT_SECONDS
    return bool(may_last) and entry.mark == _mark_now()


def _mark_now() -> Row:
    """What changes with every change of a company or a number; at most a second old."""
    read_at, mark = _mark
    if time.monotonic() - read_at < settings.REGISTRY_CACHE_SECONDS:
        return mark
    return together(_read_mark, None, tenant=Tenant.single_company(), urgent=True)


def _read_mark(calls: list[None]) -> list[Row]:
    """Group operation."""
    global _mark
    read_at = time.monotonic()
    sql = _COUNTS + _MARKS[connections[CONTROL_ALIAS].vendor]
    _mark = (read_at, select(sql, alias=CONTROL_ALIAS)[0])
    return [_mark[1]] * len(calls)
