"""Two people at one rule: who came first, and what differs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from chatbot.drafts import draft_rules
from chatbot.models import Rule, RuleChange, RuleEdit
from chatbot.options_field import shown
from chatbot.rule_data import MediaRef, RuleData
from chatbot.snapshots import changed_fields
from media_pipeline.models import MediaFile


@dataclass(frozen=True)
class Differing:
    """One field, as the page shows it: how it is stored now, and what the person wrote."""

    label: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class Conflict:
    """`revision` tells what is stored now from what was. `who` may be empty: a command did it."""

    who: str
    at: datetime | None
    revision: int | str
    fields: tuple[Differing, ...]


def conflict_over(rule: Rule, medias: Iterable[MediaRef], *, loaded: int) -> Conflict:
    """`rule` holds what the person wrote over the revision `loaded`, which moved on since."""
    mine = rule_data(rule, medias)
    (theirs,) = draft_rules([rule.pk])
    changes = RuleChange.objects.filter(rule_id=rule.pk).select_related("edit").order_by("-pk")
    edits = [change.edit for change in changes[: max(rule.revision - loaded, 1)]]
    return Conflict(
        who=_names(edits),
        at=edits[0].made_at if edits else None,
        revision=rule.revision,
        fields=tuple(
            Differing(
                label=label_of(name),
                theirs=shown_value(name, getattr(theirs, name)),
                mine=shown_value(name, getattr(mine, name)),
            )
            for name in changed_fields(theirs, mine)
        ),
    )


def deletion_of(rule_id: int) -> RuleEdit | None:
    """The edit that deleted the rule; None: it never was, or nobody knows."""
    changes = RuleChange.objects.filter(rule_id=rule_id).select_related("edit").order_by("-pk")
    last = changes.first()
    return last.edit if last and last.after is None else None


def rule_data(rule: Rule, medias: Iterable[MediaRef]) -> RuleData:
    """A rule that may not be stored yet (its id is 0 then)."""
    names = [name for name in RuleData.__dataclass_fields__ if name not in ("id", "medias")]
    values = {name: getattr(rule, name) for name in names}
    return RuleData(id=rule.pk or 0, medias=tuple(medias), **values)


def label_of(name: str) -> str:
    """What people call a field of RuleData."""
    if name == "medias":
        return _("Archivos")
    return str(Rule._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def shown_value(name: str, value: Any) -> str:
    """A field of RuleData as people read it."""
    if name == "medias":
        return shown_medias(value)
    if name == "options":
        return shown(value)
    if isinstance(value, bool):
        return _("Sí") if value else _("No")
    choices = dict(getattr(Rule._meta.get_field(name), "choices", None) or ())
    return str(choices.get(value, value))


def shown_medias(medias: Iterable[MediaRef]) -> str:
    return "\n".join(map(_shown_media, medias))


def _shown_media(media: MediaRef) -> str:
    if media.file_id is None:
        return media.url
    file = MediaFile.objects.filter(pk=media.file_id).first()
    return str(file or _("archivo que ya no está"))


def _names(edits: Iterable[RuleEdit]) -> str:
    return ", ".join(dict.fromkeys(edit.author for edit in edits if edit.author))
