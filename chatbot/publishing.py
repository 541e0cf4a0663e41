"""Publishing: the draft becomes what answers, whole and at once, and every release is kept."""

from django.db.models import QuerySet
from django.utils import timezone

from chatbot import drafts, rulebooks, snapshots
from chatbot.models import Rule, RulebookRelease, RulebookVersion, RuleEdit
from chatbot.rule_data import RuleData
from tenants.context import atomic


def publish(
    *, author: str = "", note: str = "", origin: str = RulebookRelease.Origin.PUBLISHED
) -> RulebookRelease:
    """Make the draft answer, everywhere within a second."""
    with atomic():
        drafts.lock_draft()
        rules = drafts.draft_rules()
        newest = (
            RulebookRelease.objects.order_by("-number").values_list("number", flat=True).first()
        )
        release = RulebookRelease.objects.create(
            number=(newest or 0) + 1,
            published_at=timezone.now(),
            published_by=author[:150],
            note=note[:500],
            origin=origin,
            rules=snapshots.pack(rules),
            rule_count=len(rules),
        )
        RulebookVersion.objects.filter(pk=1).update(version=release.number)
    rulebooks.forget_company()
    return release


def published_rules(number: int | None = None) -> tuple[RuleData, ...]:
    """Those of a release; without a number, those that answer now."""
    found = RulebookRelease.objects.all() if number is None else _numbered(number)
    packed = found.order_by("-number").values_list("rules", flat=True).first()
    return snapshots.unpack(bytes(packed)) if packed is not None else ()


def pending() -> snapshots.Difference:
    """What publishing would change."""
    return snapshots.difference(published_rules(), drafts.draft_rules())


def restore(number: int, *, author: str) -> RulebookRelease:
    """Draft and answers become those of that release, as a new release."""
    with atomic():
        set_draft(published_rules(number), author=author, title=f"v{number}")
        return publish(author=author, origin=RulebookRelease.Origin.RESTORED, note=f"v{number}")


def discard_draft(*, author: str) -> None:
    """Forget what was not published. Can be undone as any edit."""
    set_draft(published_rules(), author=author)


def set_draft(rules: tuple[RuleData, ...], *, author: str, title: str = "") -> None:
    with drafts.editing(RuleEdit.Kind.RESTORED, author=author, title=title) as edit:
        now = {rule.id: rule for rule in drafts.draft_rules()}
        edit.before.update(now)
        edit.made([rule.id for rule in rules if rule.id not in now])
        drafts.put_back([rule for rule in rules if now.get(rule.id) != rule])
        kept = {rule.id for rule in rules}
        Rule.objects.filter(pk__in=[pk for pk in now if pk not in kept]).delete()


def _numbered(number: int) -> "QuerySet[RulebookRelease]":
    return RulebookRelease.objects.filter(number=number)
