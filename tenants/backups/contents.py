"""What a dump of MariaDB or MySQL holds, read from the dump itself: rows per table, exactly, and
that it came to its end. And what it must not hold when it is restored."""

import re
from collections import Counter
from collections.abc import Iterable

from django.utils.translation import gettext as _

from tenants.backups.errors import BackupError

_INSERT = re.compile(rb"INSERT INTO `(\w+)` (?:\([^)]*\) )?VALUES\s*")
_STRING = re.compile(rb"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_END = b"-- Dump completed"
# What leaves the database that a dump is loaded into. A client reads commands of its own from a
# line's beginning, too.
_LEAVES = re.compile(
    rb"\s*(?:/\*!\d*\s*)?(?:USE\b|CREATE\s+(?:DATABASE|SCHEMA|USER)\b|DROP\s+(?:DATABASE|SCHEMA|USER)\b"
    rb"|GRANT\b|REVOKE\b|SET\s+(?:GLOBAL|PASSWORD)\b|SET\s+@@GLOBAL|LOAD\s+DATA\b|RENAME\s+|\\|system\b|source\b)",
    re.IGNORECASE,
)
_OTHER_DATABASE = re.compile(
    rb"(?:INTO|TABLE|TABLES|EXISTS|UPDATE|FROM)\s+`\w+`\s*\.\s*`", re.IGNORECASE
)


def count_rows(lines: Iterable[bytes]) -> dict[str, int]:
    """Rows by table. Raises BackupError when the dump has no end: it was cut off."""
    rows: Counter[str] = Counter()
    table, has_end = "", False
    for line in lines:
        if match := _INSERT.match(line):
            table, line = match[1].decode(), line[match.end() :]
        elif line.startswith(_END):
            has_end = True
        if table:
            bare = _STRING.sub(b"", line)
            rows[table] += bare.count(b"),(") + bare.count(b"),\n") + bare.rstrip().endswith(b");")
            table = "" if bare.rstrip().endswith(b";") else table
    if not has_end:
        raise BackupError(_("El respaldo está cortado: no llega a su última línea."))
    return dict(rows)


def refuse_foreign_statements(lines: Iterable[bytes]) -> None:
    """Raises BackupError when the dump would write outside the database it is loaded into."""
    in_values = False
    for number, line in enumerate(lines, 1):
        bare = _STRING.sub(b"''", line)
        if not in_values and (_LEAVES.match(bare) or _OTHER_DATABASE.search(bare)):
            raise BackupError(
                _("La línea %(number)d del respaldo sale de su base de datos; no se restaura.")
                % {"number": number}
            )
        if _INSERT.match(line):
            in_values = True
        if in_values and bare.rstrip().endswith(b";"):
            in_values = False
