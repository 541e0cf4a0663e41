"""Rules from a sheet: read all, say all that is wrong at once, save all or nothing.

The command and the admin pages both come here.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.db.models import Count, QuerySet

from chatbot.drafts import editing
from chatbot.models import BotSession, Rule, RulebookRelease, RuleEdit, RuleMedia
from chatbot.publishing import publish as publish_draft
from chatbot.rule_rows import RowReader
from chatbot.rule_sheet import RULE_COLUMNS, RULE_FIELDS, rule_key
from conversations.importing import uploaded_files
from tenants.context import atomic
from tenants.models import Role
from whapco.lib.media_cells import MediaCell, cell_address
from whapco.lib.sheet_writes import Target, save_plan
from whapco.lib.spreadsheets import Table, open_table
from whapco.lib.upsert import (
    Files,
    ImportResult,
    Plan,
    Reading,
    Stored,
    StoredRows,
    as_cells,
    make_plan,
    read_records,
    show_row,
    sum_up,
)


def import_rules(
    source: bytes | Path | Table, *, dry_run: bool = False, author: str = "", publish: bool = True
) -> ImportResult:
    """Upsert by step and trigger. With errors, or with `dry_run`, nothing is saved.

    Without `publish` the draft alone changes. Raises SheetError when the workbook itself is
    refused.
    """
    table = open_table(source, RULE_COLUMNS)
    files = uploaded_files(table)
    stored = stored_rules()
    roles = Role.objects.values_list("keyword", flat=True)
    reader = RowReader(files, stored, frozenset(map(str.lower, roles)))
    reading = read_records(table, reader.read)
    reading = replace(reading, notes=(*reading.notes, *reader.notes))
    if dry_run or reading.errors:
        return _sum_up(reading, make_plan(reading.records, stored))
    title = source.name if isinstance(source, Path) else ""
    with atomic():
        with editing(RuleEdit.Kind.IMPORTED, author=author, title=title) as edit:
            plan = make_plan(reading.records, stored_rules())
            edit.will_change([stored.pk for stored, _record in plan.changed])
            save_plan(plan, Target(Rule, RuleMedia, "rule", partial(_make_media, files=files)))
        if publish:
            publish_draft(author=author, origin=RulebookRelease.Origin.IMPORTED, note=title)
    return _sum_up(reading, plan)


def stored_rules() -> StoredRows:
    """The rules of the company as the sheet would hold them, by key, the one in force first."""
    stored: dict[Hashable, list[Stored]] = defaultdict(list)
    for rule in _read_stored(Rule.objects.all()):
        stored[rule_key(str(rule.values["step"]), str(rule.values["trigger"]))].append(rule)
    return stored


def rule_lines(rules: QuerySet[Rule]) -> list[list[str]]:
    """`rules` as rows under RULE_COLUMNS: what an import reads back as the same."""
    return [show_row(rule, RULE_FIELDS, RULE_COLUMNS) for rule in _read_stored(rules)]


def _read_stored(rules: QuerySet[Rule]) -> Iterator[Stored]:
    medias: dict[int, tuple[MediaCell, ...]] = defaultdict(tuple)
    rows = RuleMedia.objects.order_by("position", "pk")
    for owner, url, path, kind in rows.values_list("rule_id", "url", "file__path", "kind"):
        medias[owner] += (MediaCell(cell_address(url, path or ""), kind),)
    names = [one.field for one in RULE_FIELDS]
    for values in rules.order_by("priority", "pk").values("pk", *names):
        pk = values.pop("pk")
        yield Stored(pk, as_cells(values), medias.get(pk, ()))


def _make_media(owner: int, position: int, media: MediaCell, *, files: Files) -> RuleMedia:
    file_id = files.get(media.address)
    return RuleMedia(
        rule_id=owner,
        position=position,
        kind=media.kind,
        file_id=file_id,
        url="" if file_id else media.address,
    )


def _sum_up(reading: Reading, plan: Plan) -> ImportResult:
    result = sum_up(reading, plan, RULE_FIELDS)
    steps = {str(record.values["step"]) for record in plan.new}
    steps |= {str(record.values["step"]) for _, record in plan.changed}
    return replace(result, open_chats=_open_chats(steps))


def _open_chats(steps: set[str]) -> dict[str, int]:
    """How many contacts are waiting in each of `steps` right now."""
    counts = BotSession.objects.filter(is_open=True).values_list("step").annotate(chats=Count("pk"))
    return {step: chats for step, chats in counts.order_by("step") if step in steps}
