"""Taking back the last import of quick replies: how each one was, and how the import left it.

Kept for a day in a file of the company beside the uploaded sheets, not in its database: it is for
the person who sees at once that it was the wrong file.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from conversations.models import QuickReply, QuickReplyMedia
from tenants.context import atomic, current_tenant
from whapco.lib.sheet_resources import CannotUndo

KEPT_SECONDS = 24 * 3600
_FIELDS = ("name", "message", "kind", "category", "options")
_AT_ONCE = 500

Rows = dict[str, dict[str, Any]]  # by id as text, as JSON has them


@dataclass
class Noticed:
    """Quick replies before and after an import; those in `after` alone were made by it."""

    before: Rows = field(default_factory=dict)
    after: Rows = field(default_factory=dict)

    @property
    def made(self) -> list[int]:
        return [int(pk) for pk in self.after if pk not in self.before]


@contextmanager
def noticing(changing: list[int]) -> Iterator[Noticed]:
    """Around the writes of an import that changes these ids and adds others, in its transaction."""
    newest = QuickReply.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    noticed = Noticed(before=_rows(changing))
    yield noticed
    made = QuickReply.objects.filter(pk__gt=newest).values_list("pk", flat=True)
    noticed.after = _rows([*changing, *made])


def keep(noticed: Noticed) -> None:
    """In place of the import before it."""
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(noticed)), encoding="utf-8")
    os.replace(fresh, path)


def can_undo() -> bool:
    try:
        return _path().stat().st_mtime > time.time() - KEPT_SECONDS
    except FileNotFoundError:
        return False


def undo() -> int:
    """Put back what the last import changed; returns how many. Raises CannotUndo."""
    if not can_undo():
        raise CannotUndo(_("Ya no hay una importación que deshacer."))
    noticed = Noticed(**json.loads(_path().read_text(encoding="utf-8")))
    with atomic():
        now = _rows(map(int, noticed.after))
        moved = [row for pk, row in noticed.after.items() if now.get(pk) != row]
        if moved:
            raise CannotUndo(_moved_words(moved))
        _put_back(noticed)
    _path().unlink(missing_ok=True)
    return len(noticed.after)


def _put_back(noticed: Noticed) -> None:
    ids = [int(pk) for pk in noticed.before]
    for batch in _batches(ids):
        QuickReplyMedia.objects.filter(quick_reply_id__in=batch).delete()
    for batch in _batches(noticed.made):
        QuickReply.objects.filter(pk__in=batch).delete()
    rows = [
        QuickReply(pk=int(pk), **{name: row[name] for name in _FIELDS})
        for pk, row in noticed.before.items()
    ]
    QuickReply.objects.bulk_update(rows, _FIELDS, batch_size=_AT_ONCE)
    medias = [
        QuickReplyMedia(quick_reply_id=int(pk), position=place, url=url, file_id=file)
        for pk, row in noticed.before.items()
        for place, url, file in row["medias"]
    ]
    QuickReplyMedia.objects.bulk_create(medias, batch_size=_AT_ONCE)


def _rows(ids: Iterable[int]) -> Rows:
    found: Rows = {}
    for batch in _batches(list(ids)):
        for row in (
            QuickReply.objects.select_for_update().filter(pk__in=batch).values("pk", *_FIELDS)
        ):
            found[str(row.pop("pk"))] = {**row, "medias": []}
        medias = QuickReplyMedia.objects.filter(quick_reply_id__in=batch).order_by("position", "pk")
        for owner, *media in medias.values_list("quick_reply_id", "position", "url", "file_id"):
            found[str(owner)]["medias"].append(media)
    return found


def _batches(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _moved_words(moved: list[dict[str, Any]]) -> str:
    names = ", ".join(f"«{row['name']}»" for row in moved[:5])
    return _("No se puede deshacer: alguien cambió después %(names)s.") % {"names": names}


def _path() -> Path:
    key = current_tenant().key or "_default"
    return Path(settings.DATA_DIR) / "imports" / f"botones-{key}.json"
