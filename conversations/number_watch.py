"""Asks Meta about each business number now and then, so that a refused token is known before a
customer waits for an answer, and the number is used as fast as its level allows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django_tasks import task

from conversations import line, number_findings, numbers
from conversations.models import NumberState
from conversations.number_findings import Finding
from conversations.whatsapp.errors import Action, GraphError
from conversations.whatsapp.reading import as_dict, as_text
from tenants import registry
from tenants.context import current_tenant, tenant_context
from tenants.models import WhatsAppNumber
from tenants.schema import is_behind

EVERY: Final = timedelta(hours=1)
_TIMEOUT: Final = (3.0, 10.0)  # seconds to connect and to read
_TOKEN_REFUSED: Final = frozenset({0, 102, 104, 190})  # by the token alone: no permission is meant
_PER_SECOND: Final = {"STANDARD": 80, "HIGH": 1000}  # cloud-api 2.6
_COEXISTENCE_PER_SECOND: Final = 20  # of a number that is used in the phone's app as well


def check_numbers() -> None:
    """Job: ask about the active company's numbers whose time has come, each in a task of its own.
    Not of one that has not paid: it sends nothing. There is nothing to watch between times."""
    company = current_tenant()
    if company.is_unpaid or not company.config.meta_token:
        return
    wanted = _numbers()
    fresh = NumberState.objects.filter(pk__in=wanted, checked_at__gt=timezone.now() - EVERY)
    for phone_number_id in wanted - set(fresh.values_list("pk", flat=True)):
        check_number.enqueue(company.key, phone_number_id)


@task()
def check_number(tenant_key: str, phone_number_id: str) -> None:
    """One short question. A refused token pauses the number, as a refused message would."""
    tenant = registry.by_key(tenant_key)
    if tenant is None or is_behind(tenant):
        return
    with tenant_context(tenant):
        try:
            facts = line.client(_TIMEOUT).get_number(phone_number_id)
        except GraphError as error:
            _note(phone_number_id, _trouble(phone_number_id, error))
        else:
            _note(phone_number_id, number_findings.number_found(facts), _rate(facts))


def _numbers() -> set[str]:
    company = current_tenant()
    own = WhatsAppNumber.objects.filter(tenant=company.pk) if company.pk else ()
    return {number.phone_number_id for number in own} | {company.config.phone_number_id} - {""}


def _trouble(phone_number_id: str, error: GraphError) -> Finding:
    refused = error.action is Action.TOKEN and error.code in _TOKEN_REFUSED
    if refused and numbers.paused_until(phone_number_id) is None:
        numbers.pause(phone_number_id, error)
    return number_findings.hopeless(error) or number_findings.number_refused(error, phone_number_id)


def _note(phone_number_id: str, finding: Finding, per_second: int | None = None) -> None:
    numbers.note_check(
        phone_number_id, level=finding.level, text=str(finding), per_second=per_second
    )


def _rate(facts: Mapping[str, Any]) -> int | None:
    """None: Meta does not say, or in a word it has yet to invent."""
    if facts.get("is_on_biz_app") is True:
        return _COEXISTENCE_PER_SECOND
    return _PER_SECOND.get(as_text(as_dict(facts.get("throughput")).get("level"), 40))
