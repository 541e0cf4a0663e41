"""Prices worked out from what the contact writes ("calculo"): a parser of our own, no eval.

A formula is arithmetic over `medida`, or over `p1` and `p2` ("120 x 80"): numbers with dot or
comma, `+ - * / ( )`, `min`, `max`, `round`. Everything is Decimal, so prices are exact.
"""

import re
from collections.abc import Callable, Mapping
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import lru_cache

from django.utils.translation import gettext as _

FORMULA_LIMIT = 300  # characters
DEPTH_LIMIT = 20  # parentheses and signs inside each other
DIGITS_LIMIT = 15  # of one number, in the formula or from the contact
PLACES_SHOWN = 6  # of a result that does not come out even
ROUND_LIMIT = 10  # second argument of round

Values = Mapping[str, Decimal]
Term = Callable[[Values], Decimal]

# Results stay below 1e31: no formula, however nested, makes a number that fills memory or a chat.
_CONTEXT = Context(
    prec=28,
    rounding=ROUND_HALF_UP,
    Emin=-30,
    Emax=30,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
_NUMBER = r"(?:\d+(?:[.,]\d+)?|[.,]\d+)"
_UNIT = r"(?:mm|cms?|mts?|m|metros?|cent[ií]metros?|mil[ií]metros?)?\.?"
_PAIR = re.compile(
    rf"\D*?({_NUMBER})\s*{_UNIT}\s*(?:[x×*]|por)\s*({_NUMBER})\D*", re.IGNORECASE
)  # 120 x 80
_AREA_UNIT = re.compile(r"(?<=[\d\s])(mm|cm|m)[23](?![\d.,])", re.IGNORECASE)  # the 2 of "m2"
_NEGATIVE = re.compile(r"[-−]\d")
_FIELD = re.compile(r"\{total(:,|:,\.2f)?\}")
_PAIR_NAMES = frozenset({"p1", "p2"})
_VARIABLES = frozenset({"medida"}) | _PAIR_NAMES


class FormulaError(Exception):
    """The formula is not one; the text says why, in Spanish."""


class BadMeasure(Exception):
    """What the contact wrote is no measure for this formula."""


def check_formula(formula: str) -> None:
    """Raises FormulaError unless `compute` can work with `formula`."""
    _parse(formula)


def compute(formula: str, text: str) -> Decimal:
    """The result of `formula` for the measure in `text`.

    Raises BadMeasure when `text` holds no measure, several, or one the formula cannot take (a
    division by zero), and FormulaError when the formula itself is wrong.
    """
    term, names = _parse(formula)
    values = _values(names, text)
    with localcontext(_CONTEXT):
        try:
            return +term(values)
        except (InvalidOperation, DivisionByZero, Overflow):
            raise BadMeasure(text) from None


def format_total(reply: str, total: Decimal) -> str:
    """`reply` with `{total}`, `{total:,}` and `{total:,.2f}` filled in, and nothing else."""
    with localcontext(_CONTEXT):
        return _FIELD.sub(lambda field: _written(total, field[1] or ""), reply)


def _written(total: Decimal, style: str) -> str:
    if style == ":,.2f":
        return _unsigned_zero(f"{total:,.2f}")
    comma = "," if style else ""
    written = format(total, f"{comma}.{PLACES_SHOWN}f")
    return _unsigned_zero(written.rstrip("0").rstrip("."))


def _unsigned_zero(number: str) -> str:
    return number if number.strip("-0.") else number.lstrip("-")


def _values(names: frozenset[str], text: str) -> Values:
    if not names:
        return {}
    said = _AREA_UNIT.sub(r"\1", text)
    if _NEGATIVE.search(said):
        raise BadMeasure(text)
    if names == {"medida"}:
        numbers = re.findall(_NUMBER, said)
        if len(numbers) != 1:
            raise BadMeasure(text)
        return {"medida": _measure(numbers[0])}
    pair = _PAIR.fullmatch(said)
    if pair is None:
        raise BadMeasure(text)
    return {"p1": _measure(pair[1]), "p2": _measure(pair[2])}


def _measure(number: str) -> Decimal:
    if len(number) > DIGITS_LIMIT:
        raise BadMeasure(number)
    return Decimal(number.replace(",", "."))


@lru_cache(maxsize=1024)
def _parse(formula: str) -> tuple[Term, frozenset[str]]:
    if len(formula) > FORMULA_LIMIT:
        raise FormulaError(
            _("El cálculo tiene más de %(limit)d caracteres.") % {"limit": FORMULA_LIMIT}
        )
    parser = _Parser(formula.lower())
    term = parser.parse()
    names = frozenset(parser.names)
    if "medida" in names and names & _PAIR_NAMES:
        raise FormulaError(_("El cálculo usa «medida» o «p1» y «p2», pero no ambas."))
    return term, names


class _Parser:
    """Recursive descent over the text itself. A comma parts the arguments of a function and is a
    decimal sign everywhere else, so numbers can only be read in their place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.names: set[str] = set()

    def parse(self) -> Term:
        term = self._sum(in_call=False)
        self._skip_spaces()
        if self.at < len(self.text):
            raise self._error()
        return term

    def _sum(self, *, in_call: bool) -> Term:
        first = self._product(in_call=in_call)
        rest: list[tuple[str, Term]] = []
        while operator := self._take("+-"):
            rest.append((operator, self._product(in_call=in_call)))
        return _fold(first, rest) if rest else first

    def _product(self, *, in_call: bool) -> Term:
        first = self._atom(in_call=in_call)
        rest: list[tuple[str, Term]] = []
        while operator := self._take("*/"):
            rest.append((operator, self._atom(in_call=in_call)))
        return _fold(first, rest) if rest else first

    def _atom(self, *, in_call: bool) -> Term:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise FormulaError(_("El cálculo tiene demasiados paréntesis."))
        term = self._signed(in_call=in_call)
        self.depth -= 1
        return term

    def _signed(self, *, in_call: bool) -> Term:
        if sign := self._take("+-"):
            term = self._atom(in_call=in_call)
            return term if sign == "+" else lambda values: -term(values)
        if self._take("("):
            inner = self._sum(in_call=False)
            self._expect(")")
            return inner
        if word := self._match(r"[a-z_]\w*"):
            return self._named(word)
        return self._number(in_call=in_call)

    def _named(self, word: str) -> Term:
        if word in _VARIABLES:
            self.names.add(word)
            return lambda values: values[word]
        function = _FUNCTIONS.get(word)
        if function is None:
            raise FormulaError(
                _("El cálculo no conoce «%(word)s»: usa medida, p1, p2, min, max o round.")
                % {"word": word}
            )
        return self._call(word, function)

    def _call(self, word: str, function: Callable[..., Decimal]) -> Term:
        self._expect("(")
        arguments = [self._sum(in_call=True)]
        while self._take(","):
            arguments.append(self._sum(in_call=True))
        self._expect(")")
        if word == "round" and len(arguments) > 2:
            raise FormulaError(_("«round» lleva un número y, si acaso, cuántos decimales."))
        return lambda values: function(*(argument(values) for argument in arguments))

    def _number(self, *, in_call: bool) -> Term:
        pattern = r"\d+(?:\.\d+)?|\.\d+" if in_call else _NUMBER
        digits = self._match(pattern)
        if not digits:
            raise self._error()
        if len(digits) > DIGITS_LIMIT:
            raise FormulaError(_("El cálculo tiene un número demasiado largo."))
        number = Decimal(digits.replace(",", "."))
        return lambda values: number

    def _match(self, pattern: str) -> str:
        self._skip_spaces()
        match = re.compile(pattern, re.ASCII).match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def _take(self, characters: str) -> str:
        return self._match(f"[{re.escape(characters)}]")

    def _expect(self, character: str) -> None:
        if not self._take(character):
            raise self._error()

    def _skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _error(self) -> FormulaError:
        if self.at >= len(self.text):
            return FormulaError(_("El cálculo está incompleto."))
        return FormulaError(
            _("El cálculo no se entiende desde «%(rest)s».") % {"rest": self.text[self.at :][:20]}
        )


def _fold(first: Term, rest: list[tuple[str, Term]]) -> Term:
    def evaluate(values: Values) -> Decimal:
        result = first(values)
        for operator, term in rest:
            result = _OPERATIONS[operator](result, term(values))
        return result

    return evaluate


def _round(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    if places != places.to_integral_value() or abs(places) > ROUND_LIMIT:
        raise InvalidOperation
    return value.quantize(Decimal(1).scaleb(-int(places)), rounding=ROUND_HALF_UP)


_OPERATIONS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
_FUNCTIONS: Mapping[str, Callable[..., Decimal]] = {"min": min, "max": max, "round": _round}
