"""The checker with the facts of the active company: its roles, files, settings and buttons."""

from collections.abc import Iterable
from dataclasses import replace

from chatbot import checker
from chatbot.checker import Finding, MediaFacts
from chatbot.drafts import draft_rules
from chatbot.handlers import HANDLERS
from chatbot.options import OptionsError, choices, parse_options
from chatbot.rule_data import RuleData
from conversations.models import QuickReply
from media_pipeline.models import MediaFile
from media_pipeline.services import has_content
from tenants.context import current_tenant
from tenants.models import Role


def check_draft() -> list[Finding]:
    """What is to be mended in the rules as they are being edited."""
    return check_rules(draft_rules())


def check_rules(rules: Iterable[RuleData]) -> list[Finding]:
    """The same for other rules of this company, such as those of a release."""
    found = list(rules)
    config = current_tenant().config
    return checker.check(
        found,
        initial_step=config.initial_step,
        roles=Role.objects.values_list("keyword", flat=True),
        handlers=HANDLERS,
        files=_files(found),
        other_ids=_button_ids(),
        fallback_text=config.fallback_text,
    )


def findings_of_rule(rule: RuleData) -> list[Finding]:
    """Those about one rule, were it saved in the draft like this. Id 0: it is a new one."""
    others = [other for other in draft_rules() if other.id != rule.id]
    newest = max((other.id for other in others), default=0)
    saved = rule if rule.id else replace(rule, id=newest + 1)
    found = check_rules([*others, saved])
    mine = (finding for finding in found if finding.rule_id == saved.id)
    return [replace(finding, rule_id=rule.id or None) for finding in mine]


def _files(rules: Iterable[RuleData]) -> dict[int, MediaFacts]:
    ids = {media.file_id for rule in rules for media in rule.medias if media.file_id is not None}
    return {
        file.pk: MediaFacts(file.size, file.mime_type, has_content(file))
        for file in MediaFile.objects.filter(pk__in=ids)
    }


def _button_ids() -> list[str]:
    """The ids of the options that agents send with their buttons."""
    ids: list[str] = []
    for kind, options in QuickReply.objects.values_list("kind", "options"):
        try:
            ids += [choice.id for choice in choices(parse_options(kind, options))]
        except OptionsError:  # such a button goes out as text
            continue
    return ids
