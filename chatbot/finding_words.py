"""Findings in a terminal: one line each, and how many there are."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.checker import Finding

_SEVERITIES: Mapping[str, Any] = {
    "error": gettext_lazy("ERROR"),
    "warning": gettext_lazy("Aviso"),
    "info": gettext_lazy("Nota"),
}
TRIGGER_SHOWN = 40  # characters


def finding_line(finding: Finding) -> str:
    """`ERROR · menu · 1: Lleva al paso…`"""
    place = [finding.step, finding.trigger[:TRIGGER_SHOWN].replace("\n", " ")]
    named = " · ".join(filter(None, [str(_SEVERITIES[finding.severity]), *place]))
    return f"{named}: {finding.message}"


def count_words(findings: Collection[Finding]) -> str:
    if not findings:
        return _("Todo en orden: nada que corregir en las reglas.")
    counts = Counter(finding.severity for finding in findings)
    return _("%(errors)d errores, %(warnings)d avisos y %(infos)d notas en las reglas.") % {
        "errors": counts["error"],
        "warnings": counts["warning"],
        "infos": counts["info"],
    }
