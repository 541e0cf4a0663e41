"""The company's rules as the engine wants them: cached, and refreshed within a second."""

import time
from dataclasses import dataclass

from django.db.models import F

from chatbot.models import Rule, RulebookVersion, RuleMedia
from chatbot.rulebook import MediaRef, Rulebook, RuleData
from tenants.context import current_tenant
from tenants.models import Role
from tenants.together import together

CHECK_SECONDS = 0.5  # so that a change in another process is seen within a second


@dataclass
class _Cached:
    rulebook: Rulebook
    roles: frozenset[str]
    checked_at: float


_cache: dict[str, _Cached] = {}


def current() -> Rulebook:
    """The active company's rulebook; two tiny queries per company and half second."""
    cached = _cache.get(current_tenant().key)
    if cached is not None and time.monotonic() - cached.checked_at < CHECK_SECONDS:
        return cached.rulebook
    return together(refresh, None)


def refresh(calls: list[None]) -> list[Rulebook]:
    """Group operation: look at the version and the roles, load the rules when they have moved."""
    key = current_tenant().key
    cached, version, roles = _cache.get(key), _version(), _roles()
    if cached is None or (cached.rulebook.version, cached.roles) != (version, roles):
        cached = _cache[key] = _Cached(load(version), roles, 0.0)
    cached.checked_at = time.monotonic()
    return [cached.rulebook] * len(calls)


def load(version: int = 0) -> Rulebook:
    """The rules as they are in the database now."""
    medias: dict[int, list[MediaRef]] = {}
    for media in RuleMedia.objects.all():
        ref = MediaRef(kind=media.kind, url=media.url, file_id=media.file_id)
        medias.setdefault(media.rule_id, []).append(ref)
    rules = [_rule_data(rule, tuple(medias.get(rule.pk, ()))) for rule in Rule.objects.all()]
    return Rulebook.build(rules, roles=_roles(), version=version)


def bump_version() -> None:
    """Tell every process that the rules have changed. Call it in the transaction of the change."""
    if not RulebookVersion.objects.filter(pk=1).update(version=F("version") + 1):
        RulebookVersion.objects.get_or_create(pk=1, defaults={"version": 1})
    _cache.pop(current_tenant().key, None)


def forget() -> None:
    _cache.clear()


def _version() -> int:
    return RulebookVersion.objects.filter(pk=1).values_list("version", flat=True).first() or 0


def _roles() -> frozenset[str]:
    """Made and removed in the panel, which knows no rules: no version tells of them."""
    return frozenset(Role.objects.values_list("keyword", flat=True))


def _rule_data(rule: Rule, medias: tuple[MediaRef, ...]) -> RuleData:
    return RuleData(
        id=rule.pk,
        step=rule.step,
        trigger=rule.trigger,
        kind=rule.kind,
        reply=rule.reply,
        next_step=rule.next_step,
        options=rule.options,
        role_keyword=rule.role_keyword,
        formula=rule.formula,
        handler=rule.handler,
        hands_over=rule.hands_over,
        priority=rule.priority,
        match=rule.match,
        medias=medias,
    )
