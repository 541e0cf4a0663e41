"""All rules of a company, indexed so that answering costs the same with ten and ten thousand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chatbot.moves import Moves
from chatbot.replies import OptionsError, option_targets, parse_options
from chatbot.rule_data import CONTAINS, FLOW, MediaRef, RuleData
from whapco.lib.text import (
    ANYTHING,
    MEDIA_PREFIX,
    normalize_option_id,
    normalize_step,
    normalize_text,
    normalize_trigger,
    split_items,
    split_steps,
)

__all__ = ["MediaRef", "RuleData", "Rulebook", "StepRules"]


@dataclass
class StepRules:
    """The rules of one step, best first wherever several share a key."""

    exact: dict[str, list[RuleData]] = field(default_factory=dict)  # by normalised trigger
    by_id: dict[str, list[RuleData]] = field(default_factory=dict)  # by trigger as option id
    containing: dict[str, list[tuple[str, RuleData]]] = field(default_factory=dict)  # first word
    targets: dict[str, list[str]] = field(default_factory=dict)  # option id -> where it leads
    answer: RuleData | None = None  # the `*` for a message that no other rule takes
    prompt: RuleData | None = None  # the `*` that is sent on entering
    form: RuleData | None = None  # the first rule that sends a form

    def add(self, rule: RuleData) -> None:
        if rule.kind == FLOW:
            self.form = self.form or rule
        for item in split_items(rule.trigger):
            self._add_trigger(rule, item)

    def _add_trigger(self, rule: RuleData, item: str) -> None:
        trigger = normalize_trigger(item)
        if trigger == ANYTHING:
            self._add_anything(rule)
            return
        if item.startswith(MEDIA_PREFIX):  # "@ubicación" is how people write "@ubicacion"
            self.exact.setdefault(normalize_option_id(item), []).append(rule)
            return
        if trigger:
            self.exact.setdefault(trigger, []).append(rule)
        self.by_id.setdefault(normalize_option_id(item), []).append(rule)
        if rule.match == CONTAINS and trigger:
            self.containing.setdefault(trigger.split()[0], []).append((trigger, rule))

    def _add_anything(self, rule: RuleData) -> None:
        self.answer = self.answer or rule
        if rule.fires_on_entry:
            self.prompt = self.prompt or rule

    def specific(self, text: str, media_trigger: str = "") -> RuleData | None:
        """The first rule, `*` aside, for a whole normalised text or a kind of media."""
        found = [*self.exact.get(text, ())[:1], *self.exact.get(media_trigger, ())[:1]]
        if self.containing:
            found += self._contained(text)
        return min(found, key=lambda rule: rule.rank, default=None)

    def _contained(self, text: str) -> Iterable[RuleData]:
        said = f" {text} "
        for word in set(text.split()):
            for trigger, rule in self.containing.get(word, ()):
                if f" {trigger} " in said:
                    yield rule

    def tapped(self, option_id: str) -> list[RuleData]:
        """The rules whose trigger is that option id: as written if any is, else normalised."""
        return self.by_id.get(normalize_option_id(option_id)) or self.exact.get(
            normalize_text(option_id), []
        )


@dataclass(frozen=True)
class Rulebook:
    """Build it with `build`. `version` is the one of the rules it was built from."""

    rules: Mapping[int, RuleData]
    steps: Mapping[str, StepRules]
    everywhere: StepRules  # the rules of all steps as if they were one
    step_names: Mapping[str, str]  # a step's name as an option id -> the step
    targets: Mapping[int, Mapping[str, str]]  # rule -> its option ids -> where they lead
    roles: Mapping[str, str]  # lower case -> keyword
    has_handlers: bool = False
    version: int = 0
    moves: Moves = field(default_factory=dict)  # a step that is gone -> where its chats go

    @classmethod
    def build(
        cls, rules: Iterable[RuleData], roles: Iterable[str] = (), version: int = 0
    ) -> "Rulebook":
        """`roles` are the keywords of the company's roles."""
        ranked = sorted(map(_with_plain_step, rules), key=lambda rule: rule.rank)
        steps: dict[str, StepRules] = {}
        everywhere = StepRules()
        targets: dict[int, Mapping[str, str]] = {}
        for rule in ranked:
            here = steps.setdefault(rule.step, StepRules())
            here.add(rule)
            everywhere.add(rule)
            if rule.options is not None:
                targets[rule.id] = _targets(rule)
                for option_id, target in targets[rule.id].items():
                    here.targets.setdefault(option_id, []).append(target)
        return cls(
            rules={rule.id: rule for rule in ranked},
            steps=steps,
            everywhere=everywhere,
            step_names={normalize_option_id(step): step for step in steps},
            targets=targets,
            roles={keyword.strip().lower(): keyword for keyword in roles},
            has_handlers=any(rule.handler.strip() for rule in ranked),
            version=version,
        )

    def at(self, step: str) -> StepRules | None:
        """The rules of a step; None: no rule has that step."""
        return self.steps.get(step)

    def prompt_of(self, step: str) -> RuleData | None:
        """What is sent on entering `step`."""
        here = self.steps.get(step)
        return here.prompt if here else None

    def welcome_at(self, step: str, trigger: str) -> RuleData | None:
        """What greets a contact at `step`: the rule with that trigger, else its `*`."""
        here = self.steps.get(step)
        if here is None:
            return None
        greeting = (rule for rule in here.exact.get(trigger, ()) if rule.fires_on_entry)
        return next(greeting, here.prompt)

    def existing(self, target: str) -> tuple[str, ...]:
        """The steps that `target` lists, or nothing when a rule is missing for any of them."""
        steps = split_steps(target)
        return steps if all(step in self.steps for step in steps) else ()


def _with_plain_step(rule: RuleData) -> RuleData:
    step = normalize_step(rule.step)
    return rule if step == rule.step else replace(rule, step=step)


def _targets(rule: RuleData) -> Mapping[str, str]:
    try:
        return option_targets(parse_options(rule.kind, rule.options))
    except OptionsError:  # the checker tells; its message goes out as plain text
        return {}
