"""Proves a rulebook before customers do: what does not answer, does not arrive or never ends.

What the engine would do is asked of the engine's own parts (rulebook, chain, taps), never guessed.
Pure.
"""

from collections.abc import Iterable, Mapping

from chatbot.checker_chains import chain_findings
from chatbot.checker_content import content_findings
from chatbot.checker_reach import reach_findings
from chatbot.checker_taps import tap_findings
from chatbot.checker_targets import target_findings
from chatbot.checker_triggers import trigger_findings
from chatbot.checker_types import (
    SEVERITIES,
    Facts,
    Finding,
    MediaFacts,
    Severity,
    offered_choices,
)
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook

__all__ = ["SEVERITIES", "Finding", "MediaFacts", "Severity", "check", "has_errors"]

_CHECKS = (
    target_findings,
    content_findings,
    tap_findings,
    chain_findings,
    reach_findings,
    trigger_findings,
)


def check(
    book_rules: Iterable[RuleData],
    *,
    initial_step: str,
    roles: Iterable[str],
    handlers: Iterable[str],
    files: Mapping[int, MediaFacts] | None = None,
    other_ids: Iterable[str] = (),
    fallback_text: str = "",
) -> list[Finding]:
    """Everything to mend, the worst first, then by step. The rules have an id each.

    `files` None: files are not looked at. `other_ids` are option ids that no rule sends, such as
    those of the agents' buttons.
    """
    book = Rulebook.build(book_rules)
    facts = Facts(
        book=book,
        initial_step=initial_step,
        roles=frozenset(role.strip().lower() for role in roles),
        handlers=frozenset(handlers),
        files=files,
        other_ids=tuple(other_ids),
        fallback_text=fallback_text,
        choices=offered_choices(book.rules.values()),
    )
    return _in_order((finding for look in _CHECKS for finding in look(facts)), book)


def _in_order(found: Iterable[Finding], book: Rulebook) -> list[Finding]:
    places = {step: place for place, step in enumerate(book.steps)}
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), places.get(one.step, -1)))


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)
