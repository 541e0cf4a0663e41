"""Asks Meta whether a business number can send and receive, with the token of its company."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from django.conf import settings

from conversations import line
from conversations import number_findings as findings
from conversations.number_findings import Finding, Level
from conversations.whatsapp.client import Client
from conversations.whatsapp.errors import GraphError, explain
from conversations.whatsapp.reading import as_text
from tenants import registry
from tenants.context import current_tenant, tenant_context
from tenants.models import WhatsAppNumber

__all__ = ["Finding", "Level", "check", "subscribe"]
_TIMEOUT = (3.0, 6.0)  # seconds to connect and to read: somebody waits for the page
_NO_TOKEN = 104
Answer = TypeVar("Answer")


def check(number: WhatsAppNumber) -> list[Finding]:
    """At most three short questions, with the token in force for the number's company. Writes
    down the number as people dial it, when Meta tells it."""
    with tenant_context(number.tenant):
        config = current_tenant().config
        if not config.meta_token:
            return [findings.bad_token(explain(_NO_TOKEN)), findings.not_asked()]
        try:
            found = _Questions(line.client(_TIMEOUT), number).ask()
        except _Hopeless as error:
            return [error.finding, findings.not_asked()]
    if not (config.app_secret or settings.WEBHOOK_ALLOW_UNSIGNED):
        found.append(findings.no_app_secret())
    return found


def subscribe(number: WhatsAppNumber) -> None:
    """Ask Meta to post the account's webhooks to the app, at its usual address. Raises
    GraphError."""
    with tenant_context(number.tenant):
        line.client(_TIMEOUT).subscribe(number.waba_id)


class _Hopeless(Exception):
    """Whatever is asked next would fail like this."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class _Questions:
    """`heard`: Meta has answered one about the thing itself, for which it takes a good token."""

    def __init__(self, meta: Client, number: WhatsAppNumber) -> None:
        self.meta = meta
        self.number = number
        self.heard = False

    def ask(self) -> list[Finding]:
        found = [self._about_number(), *self._about_account()]
        return [findings.good_token(), *found] if self.heard else found

    def _about_number(self) -> Finding:
        number_id = self.number.phone_number_id
        try:
            facts = self._answer(self.meta.get_number, number_id)
        except GraphError as error:
            return findings.number_refused(error, number_id)
        registry.learn_shown_number(number_id, as_text(facts.get("display_phone_number"), 32))
        return findings.number_found(facts)

    def _about_account(self) -> Iterator[Finding]:
        waba_id = self.number.waba_id
        if not waba_id:
            yield findings.account_unknown()
            return
        try:
            numbers = self._answer(self.meta.list_numbers, waba_id)
            has_number = self.number.phone_number_id in numbers
            yield findings.account_found(waba_id, has_number=has_number)
            if has_number:
                subscriptions = self._answer(self.meta.list_subscriptions, waba_id)
                yield findings.subscriptions_found(subscriptions)
        except GraphError as error:
            yield findings.account_refused(error, waba_id)

    def _answer(self, question: Callable[[str], Answer], object_id: str) -> Answer:
        try:
            answer = question(object_id)
        except GraphError as error:
            if finding := findings.hopeless(error):
                raise _Hopeless(finding) from None
            self.heard = self.heard or error.http_status is not None
            raise
        self.heard = True
        return answer
