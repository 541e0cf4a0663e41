"""What contacts wrote and no rule understood: counted, so that a shop can teach its bot.

Written only when that happens, in the transaction of the decision: one statement per phrase.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from chatbot.engine_types import NO_RULE, Decision, Event, Flag
from chatbot.models import UnmatchedPhrase
from tenants import statements
from tenants.statements import is_sqlite
from whapco.lib.text import normalize_text

KEPT = 2_000  # phrases of a company; the rarest of the oldest go first
KEPT_FOR = timedelta(days=180)  # since a phrase was last written
PHRASE_LIMIT, EXAMPLE_LIMIT = 150, 300  # characters

_INSERT = (
    "INSERT INTO chatbot_unmatchedphrase (step, phrase, example, times, last_at)"
    " VALUES (%s, %s, %s, %s, %s)"
)


@dataclass(frozen=True)
class Unmatched:
    step: str
    phrase: str
    example: str


def unmatched(event: Event, decision: Decision) -> Unmatched | None:
    """What is to be counted of a message. Taps and files are not: they say nothing that a rule
    could take as words; nor is what has no word, such as an emoji."""
    if event.kind != "text" or Flag(NO_RULE) not in decision.actions:
        return None
    phrase = normalize_text(event.text)[:PHRASE_LIMIT].strip()
    if not phrase:
        return None
    return Unmatched(decision.session.step[:120], phrase, event.text.strip()[:EXAMPLE_LIMIT])


def count(found: Iterable[Unmatched], now: datetime) -> None:
    """Add them to what was counted before. Nothing found: nothing is asked of the database."""
    times = Counter((one.step, one.phrase) for one in found)
    if not times:
        return
    examples = {(one.step, one.phrase): one.example for one in found}
    for step, phrase in sorted(times):  # in one order, so that two transactions do not deadlock
        more = times[step, phrase]
        values = (step, phrase, examples[step, phrase], more, now, more, now)
        statements.execute(_upsert(), *values)


def forget_rare() -> None:
    """Periodic: keep the table small, whatever people write."""
    UnmatchedPhrase.objects.filter(last_at__lt=timezone.now() - KEPT_FOR).delete()
    ranked = UnmatchedPhrase.objects.order_by("-times", "-last_at", "-pk")
    spare = list(ranked.values_list("pk", flat=True)[KEPT : KEPT + 50_000])
    for start in range(0, len(spare), 500):
        UnmatchedPhrase.objects.filter(pk__in=spare[start : start + 500]).delete()


def _upsert() -> str:
    """One statement, so that two messages at once count as two."""
    clash = "ON CONFLICT (step, phrase) DO UPDATE SET" if is_sqlite() else "ON DUPLICATE KEY UPDATE"
    return f"{_INSERT} {clash} times = times + %s, last_at = %s"
