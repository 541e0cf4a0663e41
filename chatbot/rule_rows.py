"""A row of a sheet of rules as a record, or everything that is wrong with it. Pure."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from chatbot.handlers import HANDLERS
from chatbot.rule_checks import RuleWords, find_problems
from chatbot.rule_sheet import HANDLER, KIND, ROLE, RULE_FIELDS, STEP, TRIGGER, rule_key
from whapco.lib.media_cells import (
    MEDIA_KIND,
    MEDIA_KINDS,
    MEDIA_URL,
    MediaCell,
    check_addresses,
    read_kinds,
    split_addresses,
)
from whapco.lib.spreadsheets import BadCell, Row
from whapco.lib.text import split_triggers
from whapco.lib.upsert import CellError, Files, Record, Stored, StoredRows, parse_row

_COLUMN_OF = {one.field: one.column.name for one in RULE_FIELDS}
_NEW_RULE = {"kind": "texto", "reply": "", "options": None, "formula": "", "handler": ""}


class RowReader:
    """Reads rows against what the company has. `roles` are keywords in lower case. `notes` grows
    with what is odd but not wrong."""

    def __init__(self, files: Files, stored: StoredRows, roles: frozenset[str]) -> None:
        self.files = files
        self.stored = stored
        self.roles = roles
        self.notes: list[str] = []

    def read(self, row: Row) -> tuple[Record | None, list[CellError]]:
        values, errors = parse_row(row, RULE_FIELDS)
        medias = self._read_medias(row, str(values.get(KIND.field, "")), errors)
        step, trigger = str(values.get(STEP.field, "")), str(values.get(TRIGGER.field, ""))
        key = rule_key(step, trigger)
        before = self.stored.get(key, ())
        errors += self._rule_errors(row.number, values, medias, before, errors)
        if errors:
            return None, errors
        self.notes += self._odd_things(row.number, values, key)
        return Record(row.number, key, f"{step} · {trigger}", values, medias), []

    def _read_medias(
        self, row: Row, kind: str, errors: list[CellError]
    ) -> tuple[MediaCell, ...] | None:
        """None when the sheet has no such column, or the cells cannot be read (see `errors`)."""
        if MEDIA_URL not in row.cells:
            return None
        if not row.bad.keys().isdisjoint({MEDIA_URL, MEDIA_KIND}):
            return None
        addresses = split_addresses(row.cells[MEDIA_URL])
        column = MEDIA_URL
        try:
            check_addresses(addresses, self.files)
            column = MEDIA_KIND
            default = kind if kind in MEDIA_KINDS else ""
            kinds = read_kinds(row.cells.get(MEDIA_KIND, ""), addresses, default)
        except BadCell as error:
            errors.append(CellError(row.number, column, str(error)))
            return None
        return tuple(map(MediaCell, addresses, kinds))

    def _rule_errors(
        self,
        number: int,
        values: dict[str, object],
        medias: tuple[MediaCell, ...] | None,
        before: Sequence[Stored],
        cell_errors: list[CellError],
    ) -> Iterator[CellError]:
        """What is wrong with the rule that would be saved; cells already refused are not judged."""
        refused = {error.column for error in cell_errors}
        if KIND.column.name in refused:
            return
        merged = {**_NEW_RULE, **(before[0].values if before else {}), **values}
        if medias is None and before:
            medias = before[0].medias
        words = RuleWords(
            kind=str(merged["kind"]),
            reply=str(merged["reply"]),
            options=merged["options"],
            formula=str(merged["formula"]),
            handler=str(merged["handler"]),
            has_medias=bool(medias) or not refused.isdisjoint({MEDIA_URL, MEDIA_KIND}),
        )
        for name, reason in find_problems(words):
            if _COLUMN_OF[name] not in refused:
                yield CellError(number, _COLUMN_OF[name], reason)

    def _odd_things(
        self, number: int, values: dict[str, object], key: tuple[str, str]
    ) -> Iterator[str]:
        role, handler = str(values.get(ROLE.field, "")), values.get(HANDLER.field)
        if role and role.lower() not in self.roles:
            yield _("Fila %(row)d: el rol «%(role)s» no existe; el chat no cambiará de rol.") % {
                "row": number,
                "role": role,
            }
        if handler and handler not in HANDLERS:
            yield _("Fila %(row)d: la función «%(handler)s» no existe.") % {
                "row": number,
                "handler": handler,
            }
        trigger = str(values[TRIGGER.field])
        if key[1] == trigger.strip() and not split_triggers(trigger):
            yield _("Fila %(row)d: el texto del cliente no tiene letras ni números.") % {
                "row": number
            }
