"""Formulas: what they give, what they refuse, and that nothing runs in them."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.quotes import BadMeasure, FormulaError, check_formula, compute, format_total


@pytest.mark.parametrize(
    ("formula", "text", "total"),
    [
        ("medida*1700", "100", "170000"),
        ("medida*1700", "1.700", "2890"),
        ("medida*1700", "1,7", "2890"),
        ("medida*1700", "mide 100 cm", "170000"),
        ("medida*2", "100 m2", "200"),
        ("medida*2", "100m²", "200"),
        ("medida", ".5", "0.5"),
        ("(p1+p2+40)*1700", "120 x 80", "408000"),
        ("p1*p2", "120X80", "9600"),
        ("p1*p2", "120 × 80", "9600"),
        ("p1*p2", "120*80", "9600"),
        ("p1*p2", "120 por 80", "9600"),
        ("p1*p2", "120 cm x 80 cm", "9600"),
        ("p1*p2", "1,5 x 2.5", "3.75"),
        ("p1*p2", "de 2 metros por 3 metros, por favor", "6"),
        ("p2/p1", "4 x 2", "0.5"),
        ("medida*1,5", "2", "3"),
        ("max(medida, 5)", "2", "5"),
        ("max(medida,5)*1,5", "2", "7.5"),
        ("min(medida, 5, 3)", "4", "3"),
        ("round(medida*1.005, 2)", "1", "1.01"),
        ("round(medida)", "2.5", "3"),
        ("round(medida, -2)", "1250", "1300"),
        ("-medida + 10", "4", "6"),
        ("2 - -medida", "1", "3"),
        ("medida - 1 - 1", "5", "3"),
        ("medida / 2 / 2", "8", "2"),
        ("2+3*medida", "4", "14"),
        ("MEDIDA * 2", "4", "8"),
        (" ( medida ) ", "4", "4"),
        ("0.1*medida", "3", "0.3"),
        ("1700", "lo que sea", "1700"),
    ],
)
def test_a_formula_gives_an_exact_total(formula: str, text: str, total: str) -> None:
    assert compute(formula, text) == Decimal(total)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("medida*1700", "abc"),
        ("medida*1700", ""),
        ("medida*1700", "120 x 80"),
        ("medida*1700", "1.700,50"),
        ("medida*1700", "1 700"),
        ("medida*1700", "-5"),
        ("medida*1700", "9" * 16),
        ("medida/0", "5"),
        ("10/(medida-5)", "5"),
        ("medida*medida*medida*medida", "9" * 15),
        ("round(medida, 0.5)", "5"),
        ("round(medida, 99)", "5"),
        ("p1*p2", "120"),
        ("p1*p2", "120 80"),
        ("p1*p2", "120 y 80"),
        ("p1*p2", "120 x 80 x 2"),
        ("p1*p2", "120 x ochenta"),
        ("p1", "120"),
        ("medida", "nan"),
        ("medida", "1e5"),
        ("medida", "Infinity"),
    ],
)
def test_what_is_no_measure_is_refused(formula: str, text: str) -> None:
    with pytest.raises(BadMeasure):
        compute(formula, text)


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "__import__('os').system('x')",
        "medida**9",
        "9**9**9",
        "medida//2",
        "medida%2",
        "medida.real",
        "medida if 1 else 2",
        "medida*p1",
        "medida*",
        "*medida",
        "(medida",
        "medida)",
        "medida medida",
        "2medida",
        "medida2",
        "[medida]",
        "lambda: 1",
        "max()",
        "max",
        "abs(medida)",
        "round(medida,1,2)",
        "1e5",
        "0x10",
        "1_000",
        "medida;1",
        "medida=1",
        "'medida'",
        "medida\x00",
        "9" * 16,
        "(" * 21 + "medida" + ")" * 21,
        "-" * 25 + "medida",
        "medida+" * 50 + "1",
        "мedida",
        "١",
        "p3",
        "{total}",
    ],
)
def test_anything_but_arithmetic_is_refused_on_saving(formula: str) -> None:
    with pytest.raises(FormulaError, match=r"El cálculo|round"):
        check_formula(formula)


def test_a_long_but_honest_formula_is_accepted() -> None:
    check_formula("+".join(["medida*1,19"] * 20))


@pytest.mark.parametrize(
    ("total", "written"),
    [
        ("170000", "170000 170,000 170,000.00"),
        ("1234.5", "1234.5 1,234.5 1,234.50"),
        ("1000.00", "1000 1,000 1,000.00"),
        ("0.125", "0.125 0.125 0.13"),
        ("-0.00", "0 0 0.00"),
        ("-0.001", "-0.001 -0.001 0.00"),
        ("-0.0000001", "0 0 0.00"),
        ("0", "0 0 0.00"),
        ("1E+3", "1000 1,000 1,000.00"),
        ("3.3333333333333333", "3.333333 3.333333 3.33"),
    ],
)
def test_a_total_is_written_in_three_ways(total: str, written: str) -> None:
    reply = "{total} {total:,} {total:,.2f}"
    assert format_total(reply, Decimal(total)) == written


@pytest.mark.parametrize(
    "reply",
    ["{0}", "{total.real}", "{total!r}", "{total:10000000}", "{medida}", "{", "{{total", "100 %"],
)
def test_nothing_else_in_a_reply_is_formatted(reply: str) -> None:
    assert format_total(reply, Decimal(5)) == reply


@given(st.text(alphabet="medida p1p2 0123456789.,+-*/()x minmaxround_'\"", max_size=400), st.text())
def test_no_formula_and_no_text_break_the_parser(formula: str, text: str) -> None:
    with contextlib.suppress(FormulaError, BadMeasure):
        total = compute(formula, text)
        assert len(format_total("{total:,.2f}", total)) < 60


@given(
    st.integers(min_value=0, max_value=10**9),
    st.decimals(min_value=0, max_value=10**6, places=2, allow_nan=False),
)
def test_products_are_exact(measure: int, price: Decimal) -> None:
    assert compute(f"medida*{price:f}", str(measure)) == measure * price
