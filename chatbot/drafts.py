"""The draft: the rules as people edit them. Who did what is kept, and can be undone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db.models import F
from django.utils.translation import gettext as _

from chatbot.models import Rule, RulebookVersion, RuleChange, RuleEdit, RuleMedia
from chatbot.rule_data import MediaRef, RuleData
from chatbot.snapshots import as_json, from_json
from media_pipeline.models import MediaFile
from tenants.context import atomic
from whapco.lib.bulk_rows import insert_rows

_RULE_FIELDS = [
    field.attname for field in Rule._meta.concrete_fields if field.attname not in ("id", "revision")
]
_NAMED_AT_ONCE = 1_000  # ids in one statement: databases set a limit


class EditConflict(Exception):
    """What is to be undone has changed since. The message says which rules, in Spanish."""


@dataclass
class Edit:
    """Gathers which rules an edit touches. Say so *before* writing them; new ones, which get the
    highest ids, are found by themselves."""

    last_id: int
    before: dict[int, RuleData | None] = field(default_factory=dict)

    def will_change(self, ids: Iterable[int]) -> None:
        """These rules, stored now, are about to be changed or deleted, or their medias."""
        fresh = [pk for pk in ids if pk not in self.before]
        self.before.update({rule.id: rule for rule in draft_rules(fresh)})

    def made(self, ids: Iterable[int]) -> None:
        """These ids, lower than the last one, were of no rule before."""
        self.before.update({pk: None for pk in ids if pk not in self.before})


@contextmanager
def editing(kind: str, *, author: str, title: str = "") -> Iterator[Edit]:
    """One act of one person, all or nothing: every write to Rule and RuleMedia is inside one.

    `kind` is one of RuleEdit.Kind. Without any difference nothing is kept. One at a time.
    """
    with atomic():
        lock_draft()
        newest = Rule.objects.order_by("-pk").values_list("pk", flat=True).first()
        edit = Edit(newest or 0)
        yield edit
        edit.made(Rule.objects.filter(pk__gt=edit.last_id).values_list("pk", flat=True))
        _keep(edit, kind, author, title)


def lock_draft() -> None:
    """Count an edit, and hold others back until the transaction ends."""
    if not RulebookVersion.objects.filter(pk=1).update(draft=F("draft") + 1):
        RulebookVersion.objects.get_or_create(pk=1, defaults={"draft": 1})


def draft_rules(ids: Iterable[int] | None = None) -> list[RuleData]:
    """The rules as the database holds them now, all or those of `ids`, by priority."""
    rules, medias_rows = Rule.objects.all(), RuleMedia.objects.all()
    if ids is not None:
        wanted = set(ids)
        if len(wanted) > _NAMED_AT_ONCE:
            return [rule for rule in draft_rules() if rule.id in wanted]
        rules, medias_rows = rules.filter(pk__in=wanted), medias_rows.filter(rule_id__in=wanted)
    medias: dict[int, tuple[MediaRef, ...]] = {}
    refs = medias_rows.order_by("position", "pk").values_list("rule_id", "kind", "url", "file_id")
    for rule_id, kind, url, file_id in refs:
        medias[rule_id] = (*medias.get(rule_id, ()), MediaRef(kind, url, file_id))
    rows = rules.values_list("pk", *_RULE_FIELDS)
    return [
        RuleData(pk, medias=medias.get(pk, ()), **dict(zip(_RULE_FIELDS, values, strict=True)))
        for pk, *values in rows.iterator(10_000)
    ]


def undo(edit: RuleEdit, *, author: str) -> None:
    """Put back what `edit` changed. Raises EditConflict when somebody changed it again since."""
    with editing(RuleEdit.Kind.UNDONE, author=author, title=str(edit)[:200]) as undoing:
        changes = list(edit.changes.all())
        undoing.will_change([change.rule_id for change in changes if change.after])
        undoing.made([change.rule_id for change in changes if not change.after])
        now = {pk: as_json(rule) for pk, rule in undoing.before.items() if rule}
        moved = [change for change in changes if now.get(change.rule_id) != change.after]
        if moved:
            raise EditConflict(_moved_words(moved))
        put_back([from_json(change.before) for change in changes if change.before])
        Rule.objects.filter(pk__in=[one.rule_id for one in changes if not one.before]).delete()
    done = RuleEdit.objects.filter(kind=RuleEdit.Kind.UNDONE).order_by("-pk").first()
    RuleEdit.objects.filter(pk=edit.pk).update(undone_by=done)


def put_back(rules: Iterable[RuleData]) -> None:
    """Make the draft hold these rules, ids and medias included, but for files that are no longer
    stored. Inside `editing`."""
    wanted = list(rules)
    stored = _stored_files(wanted)
    ids = [rule.id for rule in wanted]
    known = dict(Rule.objects.filter(pk__in=ids).values_list("pk", "revision"))
    Rule.objects.filter(pk__in=ids).delete()
    Rule.objects.bulk_create([_row(rule, known.get(rule.id, 0)) for rule in wanted], 500)
    RuleMedia.objects.bulk_create(
        [
            RuleMedia(rule_id=rule.id, position=place, **vars(media))
            for rule in wanted
            for place, media in enumerate(rule.medias)
            if media.file_id is None or media.file_id in stored
        ],
        500,
    )


def _stored_files(rules: Iterable[RuleData]) -> set[int]:
    ids = {media.file_id for rule in rules for media in rule.medias if media.file_id is not None}
    return set(MediaFile.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _keep(edit: Edit, kind: str, author: str, title: str) -> None:
    after = {rule.id: rule for rule in draft_rules(edit.before)}
    changed = [pk for pk, before in edit.before.items() if before != after.get(pk)]
    if not changed:
        return
    kept = RuleEdit.objects.create(kind=kind, author=author[:150], title=title[:200])
    insert_rows(
        [
            RuleChange(
                edit=kept, rule_id=pk, before=_json(edit.before[pk]), after=_json(after.get(pk))
            )
            for pk in changed
        ]
    )
    for start in range(0, len(changed), _NAMED_AT_ONCE):
        batch = Rule.objects.filter(pk__in=changed[start : start + _NAMED_AT_ONCE])
        batch.update(revision=F("revision") + 1)


def _json(rule: RuleData | None) -> dict[str, object] | None:
    return as_json(rule) if rule else None


def _moved_words(moved: list[RuleChange]) -> str:
    names = [
        "«{step} · {trigger}»".format_map(change.after or change.before or {})
        for change in moved[:5]
    ]
    return _("Alguien cambió después: %(rules)s. Deshaz primero ese cambio.") % {
        "rules": ", ".join(names)
    }


def _row(rule: RuleData, revision: int) -> Rule:
    values = {name: getattr(rule, name) for name in _RULE_FIELDS}
    return Rule(id=rule.id, revision=revision, **values)
