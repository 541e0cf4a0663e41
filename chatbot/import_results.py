"""What an import of rules does to the rulebook: its result, what the checker says of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count

from chatbot.checker import Finding
from chatbot.checking import check_rules
from chatbot.models import BotSession
from chatbot.rule_data import MediaRef, RuleData
from chatbot.rule_sheet import RULE_FIELDS
from whapco.lib.media_cells import MediaCell
from whapco.lib.upsert import Files, ImportResult, Plan, Reading, Record, sum_up


@dataclass(frozen=True)
class RulesImport(ImportResult):
    """`findings` are of the draft as the import leaves it, where they were asked for; `edit_id` is
    the RuleEdit that undoes it, None when nothing changed; `also_published`: how many rules that
    waited in the draft were published with it; `moved_chats`: out of steps that went."""

    findings: tuple[Finding, ...] = ()
    edit_id: int | None = None
    also_published: int = 0
    moved_chats: int = 0


def result_of(reading: Reading, plan: Plan) -> RulesImport:
    steps = {str(record.values["step"]) for record in plan.new}
    steps |= {str(record.values["step"]) for _, record in plan.changed}
    told = sum_up(reading, plan, RULE_FIELDS)
    return RulesImport(**{**vars(told), "open_chats": _open_chats(steps)})


def findings_after(draft: Iterable[RuleData], plan: Plan, files: Files) -> tuple[Finding, ...]:
    """What the checker says of `draft` with `plan` carried out. New rules have no page to link to
    yet: theirs carry no id."""
    rules = {rule.id: rule for rule in draft}
    newest = max(rules, default=0)
    for stored, record in plan.changed:
        rules[stored.pk] = _changed(rules[stored.pk], record, files)
    for number, record in enumerate(plan.new, newest + 1):
        rules[number] = _changed(RuleData(number, "", ""), record, files)
    return tuple(
        replace(finding, rule_id=None) if (finding.rule_id or 0) > newest else finding
        for finding in check_rules(rules.values())
    )


def _changed(rule: RuleData, record: Record, files: Files) -> RuleData:
    medias = rule.medias
    if record.medias is not None:
        medias = tuple(_media(media, files) for media in record.medias)
    return replace(rule, **record.values, medias=medias)  # type: ignore[arg-type]


def _media(media: MediaCell, files: Files) -> MediaRef:
    file_id = files.get(media.address)
    return MediaRef(media.kind, "" if file_id else media.address, file_id)


def _open_chats(steps: set[str]) -> dict[str, int]:
    """How many contacts are waiting in each of `steps` right now."""
    counts = BotSession.objects.filter(is_open=True).values_list("step").annotate(chats=Count("pk"))
    return {step: chats for step, chats in counts.order_by("step") if step in steps}
