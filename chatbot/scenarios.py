"""Scenarios: conversations whose answers must stay as they are, held against any rules.

What is expected is compared as text: `spoken` writes down buttons, files and hand-overs too. Its
marks are data, the same in every language.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone

from chatbot import drafts, publishing, trial
from chatbot.engine_types import Action, EngineSettings, GiveToRole, HandOver, Send
from chatbot.models import Scenario
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from chatbot.services import engine_settings
from conversations.bubbles import parts_of
from tenants.models import Role

TURNS_LIMIT = 60  # of one scenario
SAY_LIMIT = 4096  # characters of what the contact says in one turn

Say = str | dict[str, Any]


@dataclass(frozen=True)
class TurnResult:
    """One thing said: what should come back, and what does. Steps: where the contact stands
    then; an empty expected one does not matter."""

    say: Say
    expected: tuple[str, ...]
    got: tuple[str, ...]
    expected_step: str = ""
    step: str = ""

    @property
    def passed(self) -> bool:
        return self.expected == self.got and self.expected_step in ("", self.step)

    @property
    def said(self) -> str:
        return say_words(self.say)


@dataclass(frozen=True)
class ScenarioResult:
    """`turn` counts from 1: the first that differs, with what it expected and got; None: none."""

    scenario: Scenario
    turns: tuple[TurnResult, ...]

    @property
    def passed(self) -> bool:
        return self.turn is None

    @property
    def turn(self) -> int | None:
        return next((n for n, turn in enumerate(self.turns, 1) if not turn.passed), None)

    @property
    def mark(self) -> str:
        """Tells what was answered from any other answers."""
        got = [(turn.said, turn.got, turn.step) for turn in self.turns]
        return sha256(repr(got).encode()).hexdigest()[:16]

    @property
    def expected(self) -> tuple[str, ...]:
        return self.turns[self.turn - 1].expected if self.turn else ()

    @property
    def got(self) -> tuple[str, ...]:
        return self.turns[self.turn - 1].got if self.turn else ()


def run_all(rules: Iterable[RuleData]) -> list[ScenarioResult]:
    """Every scenario of the company, held against these rules. Nothing is sent or stored."""
    scenarios = list(Scenario.objects.all())
    if not scenarios:
        return []
    book, settings = rulebook_of(rules), engine_settings()
    return [run(book, scenario, settings) for scenario in scenarios]


def run_one(scenario: Scenario, rules: Iterable[RuleData]) -> ScenarioResult:
    return run(rulebook_of(rules), scenario, engine_settings())


def rules_of(source: str) -> Iterable[RuleData]:
    """Those of "live", else the draft's."""
    return publishing.published_rules() if source == "live" else drafts.draft_rules()


def rulebook_of(rules: Iterable[RuleData]) -> Rulebook:
    return Rulebook.build(rules, roles=Role.objects.values_list("keyword", flat=True))


def accept(scenario: Scenario, rules: Iterable[RuleData], seen: str = "") -> bool:
    """What these rules answer is what is expected from now on. False, and nothing changes: it is
    not what the person has `seen`, the mark of a result."""
    result = run_one(scenario, rules)
    if seen and seen != result.mark:
        return False
    scenario.turns = _as_expected(result)
    scenario.save(update_fields=["turns"])
    return True


def make(
    name: str, says: Iterable[Say], rules: Iterable[RuleData], *, start_step: str = "", by: str = ""
) -> Scenario:
    """A new scenario of these words, which expects what these rules answer."""
    turns: list[dict[str, Any]] = [{"say": say, "expect": []} for say in says][:TURNS_LIMIT]
    scenario = Scenario(name=name[:120], start_step=start_step[:120], turns=turns, made_by=by[:150])
    scenario.turns = _as_expected(run_one(scenario, rules))
    scenario.save()
    return scenario


def _as_expected(result: ScenarioResult) -> list[dict[str, Any]]:
    return [{"say": turn.say, "expect": list(turn.got), "step": turn.step} for turn in result.turns]


# Pure from here on ------------------------------------------------------------------------------


def run(book: Rulebook, scenario: Scenario, settings: EngineSettings) -> ScenarioResult:
    state, now = trial.start(settings, scenario.start_step), timezone.now()
    offered: dict[str, int | None] = {}
    results = []
    for turn in _turns(scenario.turns):
        now += timedelta(seconds=1)
        say = turn["say"]
        answer = trial.answer(book, state, _said(say, _source(say, book, offered)), settings, now)
        state = answer.state
        offered |= {pk: send.rule_id for send in answer.sends for pk in option_ids(send)}
        expected, step = turn.get("expect", ()), str(turn.get("step", ""))
        results.append(
            TurnResult(say, tuple(expected), replies(answer.actions), step, answer.state.step)
        )
    return ScenarioResult(scenario, tuple(results))


def _turns(turns: object) -> list[Mapping[str, Any]]:
    return [turn for turn in turns if "say" in turn] if isinstance(turns, list) else []


def _source(say: Say, book: Rulebook, offered: Mapping[str, int | None]) -> int | None:
    """The rule whose message was tapped: that of then, while there is one, else the last here
    that offered the same."""
    if isinstance(say, str):
        return None
    known = say.get("rule")
    if isinstance(known, int) and known in book.rules:
        return known
    return offered.get(FORM if say.get("form") else str(say.get("tap", "")))


def _said(say: Say, source: int | None) -> trial.Said:
    if isinstance(say, str):
        return trial.Said(text=say)
    return trial.Said(
        text=str(say.get("text", "")),
        option_id=str(say.get("tap", "")),
        title=str(say.get("title", "")),
        media_trigger=str(say.get("media", "")),
        source_rule_id=source,
        form=bool(say.get("form")),
    )


def say_words(say: Say) -> str:
    """What a person reads of it."""
    if isinstance(say, str):
        return say
    if say.get("form"):
        return "[formulario]"
    if "tap" in say:
        return f"[{say.get('title') or say['tap']}]"
    return f"{say.get('media', '')} {say.get('text', '')}".strip()


def replies(actions: Iterable[Action | trial.RunsFunction]) -> tuple[str, ...]:
    """What the contact gets, and what else happens to the chat, one text each."""
    return tuple(text for text in map(spoken, actions) if text)


def spoken(action: Action | trial.RunsFunction) -> str:
    """Empty: nothing that a scenario looks at."""
    match action:
        case Send():
            return _message(action)
        case trial.RunsFunction():
            return f"[función {action.name}]"
        case GiveToRole():
            return f"[rol {action.keyword}]"
        case HandOver():
            return "[pasa a un asesor]"
    return ""


def _message(send: Send) -> str:
    """Its text, then what hangs on it."""
    parts = parts_of(send.kind, send.body, send.words)
    rows = [option for section in parts.sections for option in section.options]
    marks = [f"[{option.title}]" for option in (*parts.buttons, *rows)]
    if send.kind not in ("text", "interactive"):
        marks.insert(0, f"[{send.kind}]")
    lines = (parts.header, parts.text or send.body, " ".join(marks))
    return "\n".join(line for line in lines if line)


FORM = "\0form"  # what a message offers that carries a form: no option has that id


def option_ids(send: Send) -> list[str]:
    """The ids that can be tapped on that message; FORM for a form."""
    action = send.words.get("interactive", {}).get("action", {})
    if action.get("name") == "flow":
        return [FORM]
    buttons = [button["reply"]["id"] for button in action.get("buttons", ())]
    return buttons + [
        row["id"] for section in action.get("sections", ()) for row in section.get("rows", ())
    ]
