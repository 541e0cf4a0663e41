"""A release as an Excel sheet that imports back."""

from collections.abc import Iterable

from chatbot.rule_data import RuleData
from chatbot.rule_sheet import RULE_COLUMNS, RULE_FIELDS
from media_pipeline.models import MediaFile
from whapco.lib.media_cells import MediaCell, cell_address
from whapco.lib.spreadsheets import write_table
from whapco.lib.upsert import Stored, as_cells, show_row


def release_sheet(rules: Iterable[RuleData]) -> bytes:
    """An .xlsx. Files that are no longer stored are left out."""
    ranked = sorted(rules, key=lambda rule: rule.rank)
    ids = {media.file_id for rule in ranked for media in rule.medias if media.file_id}
    paths = dict(MediaFile.objects.filter(pk__in=ids).values_list("pk", "path")) if ids else {}
    lines = [show_row(_stored(rule, paths), RULE_FIELDS, RULE_COLUMNS) for rule in ranked]
    return write_table([column.name for column in RULE_COLUMNS], lines, sheet="reglas")


def _stored(rule: RuleData, paths: dict[int, str]) -> Stored:
    addresses = [
        (media, cell_address(media.url, _path(media.file_id, paths))) for media in rule.medias
    ]
    medias = tuple(MediaCell(address, media.kind) for media, address in addresses if address)
    values = {one.field: getattr(rule, one.field) for one in RULE_FIELDS}
    return Stored(rule.id, as_cells(values), medias)


def _path(file_id: int | None, paths: dict[int, str]) -> str:
    return paths.get(file_id, "") if file_id is not None else ""
