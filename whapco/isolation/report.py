"""The page that an agency shows its client: what was tried, and what came of it."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connections
from django.template.loader import render_to_string
from django.utils import timezone

from tenants.context import CONTROL_ALIAS
from whapco.isolation.people import WAYS, Person
from whapco.isolation.verdicts import Fault, Finding
from whapco.isolation.walk import Row, Walk


@dataclass(frozen=True)
class Cell:
    """One person at one address: `asked` requests, of which `refused`, `served` with data of A."""

    asked: int
    refused: int
    served: int


@dataclass(frozen=True)
class Line:
    route: str
    methods: str
    cells: Sequence[Cell]
    known: int  # texts of B that its own administrator finds there
    faults: int


@dataclass(frozen=True)
class Report:
    """The walk in numbers."""

    lines: Sequence[Line]
    findings: Sequence[Finding]
    people: Sequence[Person]
    planted: int
    requests: int
    refused: int
    tried_at: datetime
    seconds: float
    version: str
    engine: str

    @property
    def has_holes(self) -> bool:
        return bool(self.findings)


def report_of(walk: Walk, *, tried_at: datetime) -> Report:
    """Call it while the walk's databases are still there."""
    findings = sorted(walk.findings, key=lambda finding: list(Fault).index(finding.fault))
    return Report(
        lines=[_line(walk, row) for row in walk.rows],
        findings=findings,
        people=walk.world.strangers,
        planted=len(walk.world.other.marks),
        requests=sum(row.asked.total() for row in walk.rows),
        refused=sum(row.refused.total() for row in walk.rows),
        tried_at=tried_at,
        seconds=(timezone.now() - tried_at).total_seconds(),
        version=_version(),
        engine=_engine(),
    )


def page(report: Report) -> str:
    """HTML that needs nothing beside itself."""
    context: dict[str, Any] = {
        "report": report,
        "ways": WAYS,
        "tenant_header": settings.TENANT_HEADER,
    }
    return render_to_string("isolation/report.html", context)


def _line(walk: Walk, row: Row) -> Line:
    cells = [
        Cell(row.asked[person.name], row.refused[person.name], row.served[person.name])
        for person in walk.world.strangers
    ]
    faults = sum(finding.route == row.address.route for finding in walk.findings)
    return Line(f"/{row.address.route}", " ".join(row.methods), cells, len(row.known), faults)


def _version() -> str:
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _engine() -> str:
    connection: Any = connections[CONTROL_ALIAS]
    if connection.vendor == "sqlite":
        return f"SQLite {connection.Database.sqlite_version}"
    name = "MariaDB" if connection.mysql_is_mariadb else "MySQL"
    return f"{name} {'.'.join(str(part) for part in connection.mysql_version)}"
