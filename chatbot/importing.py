"""Rules from a sheet: read all, say all that is wrong at once, save all or nothing.

The command and the admin pages both come here.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from django.db.models import QuerySet

from chatbot.checker import Finding
from chatbot.drafts import draft_rules, editing
from chatbot.import_results import RulesImport, findings_after, result_of
from chatbot.models import Rule, RulebookRelease, RulebookVersion, RuleEdit, RuleMedia
from chatbot.move_choices import NEAREST, choices_between
from chatbot.publishing import pending
from chatbot.publishing import publish as publish_draft
from chatbot.releases import published_rules
from chatbot.rule_data import RuleData
from chatbot.rule_rows import RowReader
from chatbot.rule_sheet import RULE_COLUMNS, RULE_FIELDS, rule_key
from conversations.importing import uploaded_files
from media_pipeline.models import MediaFile
from tenants.context import atomic
from tenants.models import Role
from whapco.lib.media_cells import MediaCell, cell_address
from whapco.lib.sheet_writes import Target, save_plan
from whapco.lib.spreadsheets import Table, open_table
from whapco.lib.upsert import (
    Files,
    Plan,
    Reading,
    Stored,
    StoredRows,
    as_cells,
    make_plan,
    read_records,
    show_row,
)


@dataclass(frozen=True)
class Prepared:
    """A sheet read, and what it would do to `draft`, which had been edited `edits` times."""

    reading: Reading
    files: Files
    draft: list[RuleData]
    edits: int
    plan: Plan


def import_rules(
    source: bytes | Path | Table,
    *,
    dry_run: bool = False,
    author: str = "",
    title: str = "",
    publish: bool = True,
    stranded: str = NEAREST,
) -> RulesImport:
    """Upsert by step and trigger. With errors, or with `dry_run`, nothing is saved.

    `title` is what the history calls it, the file's name by default. Without `publish` the draft
    alone changes; with it, chats in steps that go are moved as `stranded` says, one of
    move_choices.WAYS. Raises SheetError when the workbook itself is refused.
    """
    prepared = plan_rules(open_table(source, RULE_COLUMNS))
    if dry_run or prepared.reading.errors:
        found: tuple[Finding, ...] = ()
        if dry_run and not prepared.reading.errors:
            found = findings_after(prepared.draft, prepared.plan, prepared.files)
        return replace(result_of(prepared.reading, prepared.plan), findings=found)
    title = title or (source.name if isinstance(source, Path) else "")
    with atomic():
        waiting = pending().size if publish else 0
        plan, edit_id = save_rules(prepared, author=author, title=title)
        moved = _publish(author, title, stranded) if publish else 0
    result = result_of(prepared.reading, plan)
    return replace(result, edit_id=edit_id, also_published=waiting, moved_chats=moved)


def _publish(author: str, title: str, stranded: str) -> int:
    """How many chats were moved. A step goes when the draft had lost it before the import."""
    moves = choices_between(published_rules(), draft_rules()).all_moved(stranded)
    origin = RulebookRelease.Origin.IMPORTED
    return publish_draft(author=author, origin=origin, note=title, moves=moves).moved_chats


def plan_rules(table: Table) -> Prepared:
    """Reads only."""
    files = uploaded_files(table)
    edits, draft = _edits(), draft_rules()
    stored = stored_rules(draft)
    reading = _read(table, files, stored)
    return Prepared(reading, files, draft, edits, make_plan(reading.records, stored))


def save_rules(prepared: Prepared, *, author: str, title: str) -> tuple[Plan, int | None]:
    """Carry it out on the draft as it is by now: the plan followed, and the edit that undoes it."""
    make_media = partial(_make_media, files=prepared.files)
    with editing(RuleEdit.Kind.IMPORTED, author=author, title=title) as edit:
        plan, draft = prepared.plan, prepared.draft
        if _edits() != prepared.edits + 1:  # somebody edited since; one is this one
            draft = draft_rules()
            plan = make_plan(prepared.reading.records, stored_rules(draft))
        changing = {stored.pk for stored, _record in plan.changed}
        edit.before.update({rule.id: rule for rule in draft if rule.id in changing})
        save_plan(plan, Target(Rule, RuleMedia, "rule", make_media, is_locked=True))
    if not plan.new and not plan.changed:
        return plan, None
    imported = RuleEdit.objects.filter(kind=RuleEdit.Kind.IMPORTED)
    return plan, imported.order_by("-pk").values_list("pk", flat=True).first()


def _edits() -> int:
    """How often the draft was edited: see drafts.lock_draft."""
    return RulebookVersion.objects.filter(pk=1).values_list("draft", flat=True).first() or 0


def _read(table: Table, files: Files, stored: StoredRows) -> Reading:
    roles = Role.objects.values_list("keyword", flat=True)
    reader = RowReader(files, stored, frozenset(map(str.lower, roles)))
    reading = read_records(table, reader.read)
    return replace(reading, notes=(*reading.notes, *reader.notes))


def stored_rules(rules: Iterable[RuleData]) -> StoredRows:
    """`rules` as the sheet would hold them, by key, the one in force first."""
    stored: dict[Hashable, list[Stored]] = defaultdict(list)
    for rule in _as_stored(rules):
        stored[rule_key(str(rule.values["step"]), str(rule.values["trigger"]))].append(rule)
    return stored


def rule_lines(rules: QuerySet[Rule]) -> list[list[str]]:
    """`rules` as rows under RULE_COLUMNS: what an import reads back as the same."""
    wanted = set(rules.values_list("pk", flat=True))
    return lines_of(rule for rule in draft_rules() if rule.id in wanted)


def lines_of(rules: Iterable[RuleData]) -> list[list[str]]:
    """The same for rules as values, such as those of a release."""
    return [show_row(rule, RULE_FIELDS, RULE_COLUMNS) for rule in _as_stored(rules)]


def _as_stored(rules: Iterable[RuleData]) -> Iterator[Stored]:
    found = sorted(rules, key=lambda rule: rule.rank)
    ids = {media.file_id for rule in found for media in rule.medias if media.file_id}
    files = MediaFile.objects.filter(pk__in=ids)
    paths = dict(files.values_list("pk", "path")) if ids else {}
    names = [one.field for one in RULE_FIELDS]
    for rule in found:
        medias = tuple(
            MediaCell(cell_address(media.url, paths.get(media.file_id or 0, "")), media.kind)
            for media in rule.medias
        )
        yield Stored(rule.id, as_cells({name: getattr(rule, name) for name in names}), medias)


def _make_media(owner: int, position: int, media: MediaCell, *, files: Files) -> RuleMedia:
    file_id = files.get(media.address)
    return RuleMedia(
        rule_id=owner,
        position=position,
        kind=media.kind,
        file_id=file_id,
        url="" if file_id else media.address,
    )
