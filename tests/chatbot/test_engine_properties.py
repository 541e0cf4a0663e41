"""Whatever the rules and the messages hold: no error, no flood, no step out of nowhere."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot import engine
from chatbot.engine import EngineSettings, Event, Flag, HandOver, Send, SessionState
from chatbot.global_commands import CommandResult
from chatbot.rulebook import MediaRef, Rulebook, RuleData
from conversations.whatsapp import outbound
from tests.chatbot.phone import NOON, book
from tests.data.whatsapp.outgoing_check import check
from whapco.lib.text import normalize_step, split_steps

STEPS = st.sampled_from(["menu_principal", "a", "b", "C", "d ", "é", "x,y", ""])
NEXT_STEPS = st.lists(STEPS | st.just("nowhere"), max_size=4).map(",".join)
WORDS = st.sampled_from(
    ["*", "hola", "1", "iniciar", "@imagen", "a", "opt_b", "Menú", "👍", "dos palabras", ","]
)
TRIGGERS = st.lists(WORDS, min_size=1, max_size=3).map(";".join)
FORMULAS = st.sampled_from(
    ["", "", "", "medida*2", "p1*p2", "1/0", "medida**9**9", "__import__('os')", "((((", "\x00"]
)
OPTION = st.fixed_dictionaries(
    {"id": WORDS, "title": WORDS}, optional={"step": NEXT_STEPS, "next_step": STEPS}
)
OPTIONS = st.one_of(
    st.none(),
    st.lists(OPTION, max_size=4),
    st.lists(OPTION, max_size=11).map(lambda rows: [{"title": "T", "rows": rows}]),
    st.just({"flow_id": "1", "flow_cta": "Abrir"}),
    st.sampled_from(["{", "[]", 5, [None], {"sections": 3}, {"buttons": [{}]}]),
)
REPLIES = st.sampled_from(["", "Hola", "{total:,}", "a" * 5000, "\ud800", "{0}"])
KINDS = ["texto", "boton", "lista", "flow", "image", "audio", "raro"]
RULES = st.builds(
    RuleData,
    id=st.just(0),
    step=STEPS,
    trigger=TRIGGERS,
    kind=st.sampled_from(KINDS),
    reply=REPLIES,
    next_step=NEXT_STEPS,
    options=OPTIONS,
    role_keyword=st.sampled_from(["", "ventas", "nadie"]),
    formula=FORMULAS,
    handler=st.sampled_from(["", "", "saldo"]),
    hands_over=st.sampled_from([False, False, False, True]),
    priority=st.integers(-1, 1),
    match=st.sampled_from(["exacta", "contiene"]),
    medias=st.sampled_from([(), (MediaRef(url="https://a.co/x"),), (MediaRef(url="raro"),)]),
)
BOOKS = st.lists(RULES, max_size=12).map(lambda rules: book(*rules, roles=["ventas"]))
COMMANDS = st.sampled_from([None, None, CommandResult(("Otra vez",), True), CommandResult()])
TEXTS = WORDS | st.sampled_from(["100", "2 x 3", "hola y 1", ""]) | st.text(max_size=5)


@st.composite
def events(draw: Callable[..., Any], last: int) -> Event:
    return Event(
        kind=draw(st.sampled_from(["text", "tap", "media", "flow", "other"])),
        text=draw(TEXTS),
        now=NOON + timedelta(seconds=last),
        media_trigger=draw(st.sampled_from(["", "@imagen", "@raro"])),
        option_id=draw(WORDS | STEPS),
        source_rule_id=draw(st.none() | st.integers(0, 13)),
        handler_texts=draw(st.sampled_from([{}, {"saldo": None}, {"saldo": ("5", "6")}])),
        command=draw(COMMANDS),
    )


SETTINGS = st.builds(
    EngineSettings,
    initial_step=st.sampled_from(["menu_principal", "A", "nowhere"]),
    fallback_text=st.sampled_from(["", "No entendí"]),
    session_timeout_seconds=st.sampled_from([0, 60]),
    session_timeout_message=st.just("Adiós"),
)
SESSIONS = st.none() | st.builds(
    SessionState,
    step=STEPS,
    is_open=st.booleans(),
    fallback_sent=st.booleans(),
    contact_spoke_at=st.none() | st.just(NOON),
)


def steps_of(rules: Rulebook, options: EngineSettings) -> set[str]:
    """Every step that a rule, an option or the settings name."""
    steps = {normalize_step(options.initial_step)}
    for rule in rules.rules.values():
        steps |= {rule.step, *split_steps(rule.next_step)}
    for targets in rules.targets.values():
        steps |= {step for target in targets.values() for step in split_steps(target)}
    return steps


def check_decision(rules: Rulebook, decision: engine.Decision, known: set[str]) -> None:
    fired = rules_in_order(decision)
    assert len(fired) == len(set(fired)) <= 25
    assert decision.session.step in known
    assert decision.session.is_open
    handed_over = [n for n, item in enumerate(decision.actions) if isinstance(item, HandOver)]
    assert all(not isinstance(item, Send) for n in handed_over for item in decision.actions[n:])
    for action in decision.actions:
        if isinstance(action, Send):
            assert check(outbound.envelope(action.words, to="573001112233")) == []


def rules_in_order(decision: engine.Decision) -> list[int]:
    """The rules that spoke; the messages of one rule stand together."""
    ids = [a.rule_id for a in decision.actions if isinstance(a, Send) and a.rule_id is not None]
    return [rule_id for n, rule_id in enumerate(ids) if n == 0 or ids[n - 1] != rule_id]


@settings(max_examples=300, deadline=None)
@given(st.data(), BOOKS, SESSIONS, SETTINGS)
def test_a_conversation_never_breaks_floods_or_gets_lost(
    data: st.DataObject, rules: Rulebook, session: SessionState | None, options: EngineSettings
) -> None:
    for last in data.draw(st.lists(st.integers(0, 200_000), min_size=1, max_size=6)):
        event = data.draw(events(last))
        known = steps_of(rules, options)
        if session is not None:
            known.add(normalize_step(session.step))
        before = (session, event, options)
        decision = engine.decide(rules, session, event, options)
        assert decision == engine.decide(rules, *before)
        check_decision(rules, decision, known)
        engine.wanted_handlers(rules, session, event, options)
        engine.wants_command(rules, session, event, options)
        session = decision.session


@settings(deadline=None)
@given(BOOKS, STEPS, SETTINGS)
def test_entering_any_step_never_breaks(
    rules: Rulebook, step: str, options: EngineSettings
) -> None:
    decision = engine.enter_step(rules, step, options, NOON)
    check_decision(rules, decision, {*steps_of(rules, options), normalize_step(step)})


@settings(deadline=None)
@given(st.integers(26, 80), st.permutations(range(30)))
def test_long_chains_stop_at_25_wherever_they_lead(length: int, order: list[int]) -> None:
    steps = [f"s{n}" for n in range(length)]
    jumps = [f"s{order[n] % length}" if n < 30 else f"s{n + 1}" for n in range(length)]
    rules = book(*(f"{s}|*|{s}|s{n + 1},{jumps[n]}" for n, s in enumerate(steps)))
    event = Event(kind="text", text="x", now=NOON)
    decision = engine.decide(rules, SessionState(step="s0"), event, EngineSettings())
    sends = [action for action in decision.actions if isinstance(action, Send)]
    assert len(sends) == 25
    assert decision.actions[-1] == Flag("cadena_larga")
    assert decision.session.step == sends[-1].step
