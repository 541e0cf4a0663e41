"""How long rules take from Excel into the draft: `python bench/import_rules.py --rows 10000`.

Prints milliseconds of reading the workbook, of comparing it with the draft, of the checker, and of
writing, for an import into an empty draft, one that changes nothing and one that changes half. The
database is a fresh one that is removed afterwards: SQLite, or with --mariadb the server of DB_HOST.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

DATABASE = "whapco_import_bench"
PARTS = ("read", "compare", "check", "write")


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with _company(folder, mariadb=options.mariadb):
                _measure(options.rows, options.rounds)
        finally:
            if options.mariadb:
                from programs import drop_databases

                drop_databases(DATABASE)


def _measure(rows: int, rounds: int) -> None:
    from chatbot.models import Rule

    first, other = _sheet(rows), _sheet(rows, changed=rows // 2)
    print(f"{rows} rows, {len(first) // 1024} KB; ms, the best of {rounds}")
    for name, before, after in [
        ("into an empty draft", None, first),
        ("again, unchanged", first, first),
        ("half of it changed", first, other),
    ]:
        found = []
        for _round in range(rounds):
            Rule.objects.all().delete()
            if before is not None:
                _import(before)
            found.append(_times(after))
        best = min(found, key=lambda each: sum(each.values()))
        work = sum(best.values()) - best["check"]
        parts = "  ".join(f"{part} {best[part]:5.0f}" for part in PARTS)
        print(f"{name:20} {parts}  without check {work:5.0f}", flush=True)


def _times(content: bytes) -> dict[str, float]:
    """As the pages do: read and compare for the preview; then all of it, to save."""
    from chatbot.checking import check_draft
    from chatbot.importing import plan_rules, save_rules
    from chatbot.rule_sheet import RULE_COLUMNS
    from whapco.lib.spreadsheets import read_table

    marks = [time.perf_counter()]
    table = read_table(content, RULE_COLUMNS)
    marks.append(time.perf_counter())
    prepared = plan_rules(table)
    marks.append(time.perf_counter())
    save_rules(prepared, author="bench", title="bench")
    marks.append(time.perf_counter())
    check_draft()
    marks.append(time.perf_counter())
    read, compare, write, check = [
        1000 * (after - before) for before, after in zip(marks, marks[1:], strict=False)
    ]
    return {"read": read, "compare": compare, "check": check, "write": write}


def _import(content: bytes) -> None:
    from chatbot.importing import import_rules

    assert not import_rules(content, publish=False).errors


def _sheet(rows: int, changed: int = 0) -> bytes:
    """A shop's rules: menus of buttons, answers of some lines, a picture now and then."""
    from chatbot.rule_sheet import RULE_COLUMNS
    from whapco.lib.spreadsheets import write_table

    titles = [column.name for column in RULE_COLUMNS]
    lines = []
    for number in range(rows):
        step, option = divmod(number, 10)
        new = " (nuevo precio)" if number < changed else ""
        cells = {
            "step": f"paso_{step}",
            "input_text": f"opción {option}, {option}, la {option}",
            "respuesta": f"Respuesta {number}{new}: ¡gracias por escribir! 👋\nElige otra.",
            "siguiente_step": f"paso_{(step + 1) % max(1, rows // 10)}",
        }
        if option == 0:
            cells["tipo"] = "boton"
            cells["opciones"] = f'[{{"id": "si_{step}", "title": "Sí"}}]'
        if option == 1:
            cells["tipo"] = "image"
            cells["media_url"] = f"https://tienda.example/{number}.jpg"
        lines.append([cells.get(title, "") for title in titles])
    return write_table(titles, lines, sheet="reglas")


def _company(folder: str, *, mariadb: bool) -> AbstractContextManager[Any]:
    """The context of the only company of a fresh installation."""
    os.environ["WHAPCO_ENV_FILE"] = os.devnull
    os.environ["DJANGO_SETTINGS_MODULE"] = "whapco.settings"
    os.environ["SECRET_KEY"] = "bench"  # noqa: S105
    os.environ["DB_NAME"] = DATABASE if mariadb else str(Path(folder) / "bench.sqlite3")
    if not mariadb:
        os.environ.pop("DB_HOST", None)
    import django

    django.setup()
    from tenants import registry
    from tenants.context import tenant_context
    from tenants.services import prepare_installation

    prepare_installation()
    return tenant_context(registry.control_scope())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mariadb", action="store_true", help="the server of DB_HOST, DB_USER…")
    return parser.parse_args()


if __name__ == "__main__":
    main()
