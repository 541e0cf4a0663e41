"""Everything that one message of a contact sets off: rules that fire, steps that are entered."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from chatbot.engine_types import (
    BROKEN_FORMULA,
    CHAIN_TOO_LONG,
    Action,
    Event,
    Flag,
    GiveToRole,
    HandOver,
    Send,
)
from chatbot.quotes import BadMeasure, FormulaError, compute, format_total
from chatbot.replies import Outgoing, sends_form, text_words, words_for
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import split_steps

RULES_LIMIT = 25  # fired in one chain: whatever loops a rulebook holds, a contact gets no flood


class Chain:
    """No rule fires twice in it, so no step sends its prompt twice.

    `step` is where the contact stands, `actions` what is to be done and `fired` the ids of the
    rules behind it, so far. `is_over`: the bot falls silent, since the chain got too long or an
    agent takes over.
    """

    def __init__(self, book: Rulebook, event: Event, step: str) -> None:
        self.book = book
        self.event = event
        self.step = step
        self.actions: list[Action] = []
        self.handlers: list[str] = []
        self.is_over = False
        self._waits = False  # in a step of a list that has nothing to send: the rest is dropped
        self.fired: list[int] = []
        self._last_fired_at = step

    def say(self, text: str) -> None:
        """Send a text that no rule holds."""
        self._send(text_words(text), None, self.step)

    def greet(self, step: str, trigger: str) -> bool:
        """Put the contact at `step` and send its welcome; False: it has none."""
        self._waits = False
        self.step = step
        welcome = self.book.welcome_at(step, trigger)
        return welcome is not None and self._fire(welcome)

    def answer_with(self, rule: RuleData) -> bool:
        """Fire the rule that takes the message; False: its quote could not use what was written."""
        self._waits = False
        return self._fire(rule)

    def run_through(self, steps: tuple[str, ...]) -> None:
        """Enter all the steps now, one after the other."""
        self._waits = False
        self._advance(steps)

    def _advance(self, steps: tuple[str, ...]) -> None:
        for step in steps[:-1]:
            if self.book.prompt_of(step) is None:
                self.step = step
                self._waits = True
                return
            self._enter(step)
            if self.is_over or self._waits:
                return
        if steps:
            self._enter(steps[-1])

    def _enter(self, step: str) -> None:
        self.step = step
        prompt = self.book.prompt_of(step)
        if prompt is not None:
            self._fire(prompt)  # nothing happens in a step visited before: its prompt has fired

    def _fire(self, rule: RuleData) -> bool:
        if rule.id in self.fired:
            return True
        if len(self.fired) >= RULES_LIMIT:
            self._stop(CHAIN_TOO_LONG, at=self._last_fired_at)
            return True
        reply = self._reply_of(rule)
        if reply is None:
            return False
        self.fired.append(rule.id)
        self._last_fired_at = rule.step
        self._run_handler(rule)
        self._speak(rule, reply)
        self._give_away(rule)
        self._move_on(rule)
        return True

    def _speak(self, rule: RuleData, reply: str) -> None:
        self._send(words_for(rule, reply), rule.id, rule.step)

    def _move_on(self, rule: RuleData) -> None:
        steps = split_steps(rule.next_step)
        if self.is_over:  # an agent answers now; the bot will be there when it comes back
            self.step = steps[-1] if steps else self.step
        elif not sends_form(rule):  # a form moves on when it comes back filled in
            self._advance(steps)

    def _reply_of(self, rule: RuleData) -> str | None:
        """The rule's reply with its total. None: there is none, and the contact has been told."""
        if not rule.formula.strip():
            return rule.reply
        try:
            total = compute(rule.formula, self.event.text)
        except BadMeasure:
            self._apologise(rule)
            return None
        except FormulaError:
            self._apologise(rule)
            self.actions.append(Flag(BROKEN_FORMULA))
            return None
        return format_total(rule.reply, total)

    def _apologise(self, rule: RuleData) -> None:
        text = _("Por favor ingresa la medida correcta.")
        self._send(text_words(text), rule.id, rule.step)

    def _run_handler(self, rule: RuleData) -> None:
        name = rule.handler.strip()
        if not name:
            return
        self.handlers.append(name)
        for text in self.event.handler_texts.get(name) or ():
            self._send(text_words(text), rule.id, rule.step)

    def _give_away(self, rule: RuleData) -> None:
        keyword = self.book.roles.get(rule.role_keyword.strip().lower())
        if keyword is not None:
            self.actions.append(GiveToRole(keyword))
        if rule.hands_over:
            self.actions.append(HandOver())
            self.is_over = True

    def _stop(self, reason: str, *, at: str) -> None:
        self.is_over = True
        self.step = at
        self.actions.append(Flag(reason))

    def _send(self, messages: Iterable[Outgoing], rule_id: int | None, step: str) -> None:
        for message in messages:
            self.actions.append(Send(message.words, message.body, message.kind, rule_id, step))
