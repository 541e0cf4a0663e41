"""Publishing: the draft becomes what answers, whole and at once, and every release is kept."""

from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from chatbot import drafts, rulebooks, snapshots, stranded
from chatbot.models import Rule, RulebookRelease, RulebookVersion, RuleEdit
from chatbot.moves import NOWHERE, Moves, chain
from chatbot.releases import newest_number, read_release
from chatbot.releases import published_rules as published_rules
from chatbot.rule_data import RuleData
from tenants.context import atomic, on_commit

_Origin = RulebookRelease.Origin


class DraftMoved(Exception):
    """Somebody edited or published since the person looked: look again."""


class ChatsStranded(Exception):
    """Open chats stand in steps that would go, and nobody said where to send them."""

    def __init__(self, chats: dict[str, int]) -> None:
        super().__init__(", ".join(chats))
        self.chats = chats  # step -> how many


class Published(NamedTuple):
    release: RulebookRelease
    moved_chats: int


def publish(
    *,
    author: str = "",
    note: str = "",
    origin: str = _Origin.PUBLISHED,
    moves: Moves = NOWHERE,
) -> Published:
    """Make the draft answer, everywhere within a second. Chats in steps that are gone then are
    moved as `moves` say, in the same transaction; the others stay where they are."""
    with atomic():
        drafts.lock_draft()
        return _publish(author, note, origin, moves)


def publish_seen(seen: int, *, author: str, note: str = "", moves: Moves = NOWHERE) -> Published:
    """Publish the draft that a person has looked at: `seen` is its `draft_number`.

    Raises DraftMoved, and ChatsStranded when `moves` leave out a step with open chats.
    """
    with atomic():
        _lock_seen(seen)
        return _publish(author, note, _Origin.PUBLISHED, moves, leaves_nobody=True)


def restore(number: int, *, author: str, moves: Moves = NOWHERE) -> Published:
    """Draft and answers become those of that release, as a new release."""
    with atomic():
        set_draft(published_rules(number), author=author, title=f"v{number}")
        return _publish(author, f"v{number}", _Origin.RESTORED, moves)


def restore_seen(number: int, seen: int, *, author: str, moves: Moves = NOWHERE) -> Published:
    """The same for a person who has looked at what it changes. Raises as `publish_seen` does."""
    with atomic():
        _lock_seen(seen)
        set_draft(published_rules(number), author=author, title=f"v{number}")
        return _publish(author, f"v{number}", _Origin.RESTORED, moves, leaves_nobody=True)


def pending() -> snapshots.Difference:
    """What publishing would change."""
    return snapshots.difference(published_rules(), drafts.draft_rules())


def draft_number() -> int:
    """Moves with every edit and every publication."""
    return RulebookVersion.objects.filter(pk=1).values_list("draft", flat=True).first() or 0


def discard_draft(*, author: str) -> None:
    """Forget what was not published. Can be undone as any edit."""
    set_draft(published_rules(), author=author, title=_("borrador descartado"))


def set_draft(rules: tuple[RuleData, ...], *, author: str, title: str = "") -> None:
    with drafts.editing(RuleEdit.Kind.RESTORED, author=author, title=title) as edit:
        now = {rule.id: rule for rule in drafts.draft_rules()}
        edit.before.update(now)
        edit.made([rule.id for rule in rules if rule.id not in now])
        drafts.put_back([rule for rule in rules if now.get(rule.id) != rule])
        kept = {rule.id for rule in rules}
        Rule.objects.filter(pk__in=[pk for pk in now if pk not in kept]).delete()


def _lock_seen(seen: int) -> None:
    drafts.lock_draft()
    if draft_number() != seen + 1:  # the lock counts as one
        raise DraftMoved


def _publish(
    author: str, note: str, origin: str, moves: Moves, *, leaves_nobody: bool = False
) -> Published:
    """Inside the draft's lock."""
    rules = drafts.draft_rules()
    steps = stranded.steps_of(rules)
    answered, before = read_release()
    every = chain(before, moves, steps)
    if leaves_nobody:
        _require_moves(stranded.chats_between(stranded.steps_of(answered), steps), every)
    release = RulebookRelease.objects.create(
        number=newest_number() + 1,
        published_at=timezone.now(),
        published_by=author[:150],
        note=note[:500],
        origin=origin,
        rules=snapshots.pack(rules, every),
        rule_count=len(rules),
    )
    RulebookVersion.objects.filter(pk=1).update(version=release.number)
    moved = stranded.move_chats(every) if every else 0
    on_commit(rulebooks.forget_company)
    return Published(release, moved)


def _require_moves(chats: dict[str, int], moves: Moves) -> None:
    missing = {step: count for step, count in chats.items() if step not in moves}
    if missing:
        raise ChatsStranded(missing)
