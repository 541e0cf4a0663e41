"""What a person looks at before publishing the draft."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.http import QueryDict

from chatbot import drafts, publishing, scenarios
from chatbot.checker import Finding
from chatbot.checking import check_rules
from chatbot.models import RulebookRelease
from chatbot.move_choices import Choices, choices_between, choices_of_lost
from chatbot.rule_data import RuleData
from chatbot.rule_words import DifferenceWords, in_words
from chatbot.scenarios import ScenarioResult
from chatbot.snapshots import difference


@dataclass(frozen=True)
class Review:
    """The draft of number `seen` against what answers. What is costly is found when asked for."""

    seen: int
    live: Sequence[RuleData]
    draft: Sequence[RuleData]
    difference: DifferenceWords
    choices: Choices
    release: RulebookRelease | None  # the one that answers
    accepts_broken: bool = False  # a person said to publish although scenarios fail

    @cached_property
    def findings(self) -> list[Finding]:
        return check_rules(self.draft)

    @cached_property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "error"]

    @cached_property
    def doubts(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "warning"]

    @cached_property
    def scenarios(self) -> list[ScenarioResult]:
        return scenarios.run_all(self.draft)

    @cached_property
    def broken(self) -> list[ScenarioResult]:
        return [result for result in self.scenarios if not result.passed]

    @property
    def is_blocked(self) -> bool:
        """Whether there is something to mend, or to say yes to, before publishing."""
        if self.errors or self.choices.is_incomplete:
            return True
        return bool(self.broken) and not self.accepts_broken

    @cached_property
    def lost(self) -> Choices:
        return choices_of_lost(self.live)

    def read(self, form: QueryDict) -> "Review":
        accepts = form.get("anyway") == "1"
        return replace(self, choices=self.choices.read(form), accepts_broken=accepts)


def review_draft() -> Review:
    seen = publishing.draft_number()  # first: what changes while the rest is read will be noticed
    live, draft = publishing.published_rules(), drafts.draft_rules()
    return Review(
        seen=seen,
        live=live,
        draft=draft,
        difference=in_words(difference(live, draft)),
        choices=choices_between(live, draft),
        release=RulebookRelease.objects.defer("rules").order_by("-number").first(),
    )
