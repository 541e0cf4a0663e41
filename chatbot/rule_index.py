"""What the list of rules asks of all rules at once, kept per company until somebody edits.

Reading ten thousand rules for each page would take longer than all the rest of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar, cast

from chatbot import checking, rulebooks
from chatbot.checker import Finding
from chatbot.drafts import draft_rules
from chatbot.models import Rule, RulebookVersion
from chatbot.rule_data import RuleData
from tenants.context import current_tenant
from tenants.models import Role
from whapco.lib.text import normalize_option_id, normalize_step

Found = TypeVar("Found")
Version = tuple[int, int]
Worst = dict[int, tuple[Finding, ...]]  # by rule, the worst first
NEW, CHANGED = "nueva", "cambiada"
COMPANIES_KEPT = 12
CHECKED_AT_ONCE = 500  # rules: these take the checker about 0.1 s
_TITLES = ("title", "description", "header", "footer", "button", "flow_cta")
_kept: "OrderedDict[tuple[str, str], tuple[Hashable, object]]" = OrderedDict()


def versions() -> Version:
    """(edits of the draft, release that answers): when neither moved, no rule did."""
    found = RulebookVersion.objects.filter(pk=1).values_list("draft", "version").first()
    return found or (0, 0)


def kept(name: str, version: Hashable, build: Callable[[], Found]) -> Found:
    """`build()`, or what it gave for this company at this version."""
    key = (current_tenant().key, name)
    had = _kept.get(key)
    if had is None or had[0] != version:
        had = _kept[key] = (version, build())
        while len(_kept) > COMPANIES_KEPT * 3:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return cast("Found", had[1])


def forget() -> None:
    _kept.clear()


def search(version: Version, words: str) -> list[int]:
    """The ids of rules that hold every word of `words` somewhere; accents and case do not count."""
    wanted = normalize_option_id(words).split()
    texts = kept("texts", version, lambda: dict(_texts()))
    return [pk for pk, text in texts.items() if all(word in text for word in wanted)]


def steps(version: Version) -> list[str]:
    return kept("steps", version, lambda: list(step_names()))


def step_names() -> Iterator[str]:
    yield from Rule.objects.order_by("step").values_list("step", flat=True).distinct()


def unpublished(version: Version) -> dict[int, str]:
    """The rules that answer otherwise than they stand here, each NEW or CHANGED."""
    live = rulebooks.current().version  # for half a second it may be behind `version`
    return kept("unpublished", (version[0], live), lambda: how_published(draft_rules()))


def findings(version: Version) -> Worst:
    """What the checker says of each rule that it says anything of, notes aside."""
    return kept("findings", _facts(version), _findings)


def findings_at_hand(version: Version) -> Worst | None:
    """The same, unless finding out would keep a page waiting: None."""
    had = _kept.get((current_tenant().key, "findings"))
    if had is not None and had[0] == _facts(version):
        return cast("Worst", had[1])
    return None if Rule.objects.count() > CHECKED_AT_ONCE else findings(version)


def _facts(version: Version) -> Hashable:
    """What the checker's word depends on."""
    roles = frozenset(Role.objects.values_list("keyword", flat=True))
    return (version, roles, current_tenant().config.initial_step)


def _findings() -> Worst:
    told: Worst = {}
    for finding in checking.check_draft():
        if finding.rule_id is not None and finding.severity != "info":
            told[finding.rule_id] = (*told.get(finding.rule_id, ()), finding)
    return told


def has_error(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def how_published(rules: list[RuleData]) -> dict[int, str]:
    """Of these rules of the draft, those that are not published as they are."""
    live = rulebooks.current().rules
    told = {}
    for rule in rules:
        answering = live.get(rule.id)
        if answering is None:
            told[rule.id] = NEW
        elif answering != replace(rule, step=normalize_step(rule.step)):
            told[rule.id] = CHANGED
    return told


def _texts() -> Iterator[tuple[int, str]]:
    names = ("pk", "options", "step", "trigger", "reply", "next_step", "role_keyword")
    for pk, options, *words in Rule.objects.order_by("pk").values_list(*names).iterator():
        yield pk, normalize_option_id("\n".join([*words, *titles(options)]))


def titles(options: Any) -> Iterator[str]:
    """What people read in options, however deep it stands."""
    if isinstance(options, dict):
        yield from (str(options[name]) for name in _TITLES if name in options)
        for value in options.values():
            yield from titles(value)
    elif isinstance(options, list):
        for item in options:
            yield from titles(item)
