"""Any rules at all, through Excel and back, are the same. No database."""

import json
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from chatbot.importing import lines_of, stored_rules
from chatbot.models import Rule
from chatbot.rule_data import MediaRef, RuleData
from chatbot.rule_rows import RowReader
from chatbot.rule_sheet import RULE_COLUMNS
from whapco.lib.sheet_cells import clean_text
from whapco.lib.spreadsheets import read_table, write_table
from whapco.lib.text import normalize_step
from whapco.lib.upsert import make_plan, read_records

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = st.one_of(
    WORDS,
    st.sampled_from(["=1+1", "+57", "-5", "@imagen", "\t=x", "'", "007", "1.0", "#N/A", "1-2"]),
    st.sampled_from(
        ["_x0041_", "_x005F_", "_x0041_x0042_", "a\r\nb", "\u00a0a\u00a0", "👨\u200d👩"]
    ),
)
JSON_WORDS = WORDS.filter(lambda text: "\0" not in text)  # no database keeps a NUL
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | JSON_WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_WORDS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
LINKS = st.integers(0, 99).map(lambda number: MediaRef("image", f"https://a.example/{number},x"))


@st.composite
def rulebooks(draw: Any) -> list[RuleData]:
    texts = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=6)
    return [
        RuleData(
            id=number,
            step=normalize_step(clean_text(step)) or "paso",
            trigger=clean_text(trigger) or "*",
            reply=reply if clean_text(reply) else "Hola",
            next_step=draw(TEXTS),
            options=draw(VALUES),
            handler=draw(st.sampled_from(["", "saldo"])),
            hands_over=draw(st.booleans()),
            priority=draw(st.integers(-(2**31) + 1, 2**31 - 1)),
            match=draw(st.sampled_from([match.value for match in Rule.Match])),
            medias=tuple(draw(st.lists(LINKS, max_size=2))),
        )
        for number, (step, trigger, reply) in enumerate(draw(texts), 1)
    ]


@settings(deadline=None, max_examples=60, phases=set(Phase) - {Phase.shrink})
@given(rulebooks())
@example([RuleData(1, "m", "_x0041_x0042_", reply="=1+1\tx", options={"a": "\u2028\u0085\u00a0"})])
def test_rules_come_back_from_excel_as_they_went(rules: list[RuleData]) -> None:
    titles = [column.name for column in RULE_COLUMNS]
    content = write_table(titles, lines_of(rules), sheet="reglas")
    stored = stored_rules(rules)
    reading = read_records(
        read_table(content, RULE_COLUMNS), RowReader({}, stored, frozenset()).read
    )
    plan = make_plan(reading.records, stored)
    assert reading.errors == ()
    assert (plan.new, plan.changed) == ((), ())
    written = {json.dumps(record.values["options"]) for record in reading.records}
    assert written <= {json.dumps(rule.options) for rule in rules}
