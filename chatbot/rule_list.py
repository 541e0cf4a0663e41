"""The list of rules: by step, in the order in which they are tried."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chatbot import rule_index
from chatbot.drafts import draft_rules
from chatbot.models import Rule

ORDER = ("step", "priority", "pk")
ICONS = {
    Rule.Kind.TEXT: "chats",
    Rule.Kind.BUTTONS: "reply",
    Rule.Kind.LIST: "list",
    Rule.Kind.IMAGE: "image",
    Rule.Kind.VIDEO: "video",
    Rule.Kind.AUDIO: "audio",
    Rule.Kind.DOCUMENT: "document",
    Rule.Kind.FLOW: "form",
}
PUBLISHED_WORDS = {
    rule_index.NEW: _("Nueva, sin publicar"),
    rule_index.CHANGED: _("Cambiada, sin publicar"),
}


class RuleList(ChangeList):
    """Each rule of the page gets what its row shows: `step_starts`, `icon`, `unpublished`,
    `findings` and `is_wrong`."""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return list(ORDER)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rules: list[Any] = list(self.result_list)
        waiting = rule_index.how_published(draft_rules([rule.pk for rule in rules]))
        found = rule_index.findings_at_hand(rule_index.versions())
        self.awaits_findings = found is None
        self.query_text = request.GET.urlencode()
        step = None
        for rule in rules:
            rule.step_starts, step = rule.step != step, rule.step
            rule.icon = ICONS.get(rule.kind, "unknown")
            rule.unpublished = PUBLISHED_WORDS.get(waiting.get(rule.pk, ""))
            rule.findings = (found or {}).get(rule.pk, ())
            rule.is_wrong = rule_index.has_error(rule.findings)
        self.result_list = rules
