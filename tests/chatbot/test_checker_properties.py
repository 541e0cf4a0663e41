"""What the checker says is what the engine does, whatever the rulebook."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.checker import Finding, check
from chatbot.checker_reach import Reach
from chatbot.checker_types import Facts, offered_choices
from chatbot.rulebook import Rulebook, RuleData
from tests.chatbot.rulebook_walks import RULES, Explorer
from whapco.lib.text import split_steps

EXAMPLES = int(os.environ.get("CHECKER_EXAMPLES", "40"))  # of each property


def findings(rules: list[RuleData]) -> list[Finding]:
    return check(rules, initial_step="menu_principal", roles=[], handlers=[])


def about(found: list[Finding], code: str) -> set[int | None]:
    return {finding.rule_id for finding in found if finding.code == code}


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES)
def test_options_are_called_unanswered_when_a_tap_brings_nothing(rules: list[RuleData]) -> None:
    real = Explorer(rules).every_step().new_contact().run()
    called = about(findings(rules), "opcion_sin_respuesta")
    assert real.unanswered <= called
    assert called & real.fired <= real.unanswered


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES)
def test_no_step_that_a_contact_reaches_is_called_out_of_reach(rules: list[RuleData]) -> None:
    real = Explorer(rules, old_menus=True).new_contact().run()
    book = real.book
    facts = Facts(
        book, "menu_principal", frozenset(), frozenset(),
        choices=offered_choices(book.rules.values()),
    )  # fmt: skip
    reach = Reach(facts)
    reach.start()
    assert real.steps & book.steps.keys() <= set(reach.steps)


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES)
def test_a_contact_stands_in_an_empty_step_only_if_it_was_told(rules: list[RuleData]) -> None:
    real = Explorer(rules).new_contact().run()
    lost = real.steps - real.book.steps.keys()
    told = {finding.code for finding in findings(rules)}
    assert not lost or told & {"paso_inexistente", "sin_inicio"}


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES)
def test_rules_said_never_to_answer_never_do(rules: list[RuleData]) -> None:
    real = Explorer(rules, old_menus=True).every_step().new_contact().run()
    assert not about(findings(rules), "tapada") & real.fired


@st.composite
def long_books(draw: st.DrawFn) -> list[RuleData]:
    """Steps whose `*` run several others, some by way of what the contact writes."""
    size = draw(st.integers(8, 45))
    names = [f"s{n}" for n in range(size)]
    onward = st.integers(1, 6)
    rules = [RuleData(1, "menu_principal", "iniciar", reply="Hola", next_step="s0")]
    for place, name in enumerate(names):
        steps = [names[(place + draw(onward)) % size] for _ in range(draw(st.integers(0, 2)))]
        word = draw(st.sampled_from(["*", "*", "*", "*", "ya"]))
        rules.append(RuleData(place + 2, name, word, reply=name, next_step=",".join(steps)))
    return rules


@settings(max_examples=EXAMPLES, deadline=None)
@given(long_books() | RULES)
def test_chains_are_called_too_long_when_the_engine_cuts_one(rules: list[RuleData]) -> None:
    real = Explorer(rules).every_step().new_contact().run()
    assert bool(about(findings(rules), "cadena_larga")) == real.too_long


@settings(max_examples=EXAMPLES, deadline=None)
@given(RULES)
def test_every_step_that_is_named_and_missing_is_told_of(rules: list[RuleData]) -> None:
    steps = Rulebook.build(rules).steps
    missing = {
        rule.id
        for rule in rules
        if not rule.hands_over and not set(split_steps(rule.next_step)) <= steps.keys()
    }
    assert missing <= about(findings(rules), "paso_inexistente")
