"""What an answer costs in statements, and that it costs no more in a big installation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbot import publishing, rulebooks
from chatbot.models import Rule
from conversations.models import Message
from tenants.models import Tenant, WhatsAppNumber
from tests.conftest import ALIASES
from tests.journeys.shop import Shop, incoming

# Measured on both engines with the registry cached, BEGIN and COMMIT included.
INBOUND_WITH_REPLY = 22
RECEIPT = 4
REPETITION = 3
TEN_MESSAGES_STORED = 7
ROOM = 2  # statements more are tolerated


@pytest.fixture
def busy(shop: Shop, settings: Any) -> Shop:
    """A client in the middle of a conversation, and the registry cached as in production."""
    settings.REGISTRY_CACHE_SECONDS = 60.0
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|1|Uno", "menu_principal|2|Dos")
    shop.says("hola")
    shop.says("1")
    return shop


def captured(alias: str) -> CaptureQueriesContext:
    """Emptied first: each request empties the log too, and what is gone cannot be subtracted."""
    connections[alias].queries_log.clear()
    return CaptureQueriesContext(connections[alias])


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """How many statements all databases have run since, in one request."""
    with ExitStack() as stack:
        captures = [stack.enter_context(captured(alias)) for alias in ALIASES]
        yield lambda: sum(len(capture) for capture in captures)


def cost(do: Callable[[], object]) -> int:
    with counting() as count:
        do()
        return count()


def answer_cost(shop: Shop) -> int:
    """Of one text that one rule answers, the rulebook known and due to be checked."""
    with shop.inside():
        rulebooks.current()
    before = len(shop.out)
    found = cost(lambda: shop.says("2"))
    assert len(shop.out) == before + 1
    return found


def test_one_text_with_one_reply_stays_within_its_budget(busy: Shop) -> None:
    assert answer_cost(busy) <= INBOUND_WITH_REPLY + ROOM


def test_a_receipt_stays_within_its_budget(busy: Shop) -> None:
    wamid = busy.last_sent().wamid or ""
    assert cost(lambda: busy.status(wamid, "delivered")) <= RECEIPT + ROOM


def test_a_repeated_webhook_is_cheaper_than_a_new_one(busy: Shop) -> None:
    wamid = busy.says("2")
    assert cost(lambda: busy.says("2", wamid=wamid)) <= REPETITION + ROOM


def test_two_thousand_rules_cost_no_more(busy: Shop) -> None:
    before = answer_cost(busy)
    with busy.inside():
        Rule.objects.bulk_create(
            Rule(step=f"s{n % 200}", trigger=f"t{n}", reply=f"R{n}") for n in range(2000)
        )
        publishing.publish()
    assert answer_cost(busy) <= before + ROOM


def test_a_long_history_costs_no_more(busy: Shop) -> None:
    before = answer_cost(busy)
    chat = busy.chat()
    with busy.inside():
        Message.objects.bulk_create(
            Message(
                conversation=chat,
                direction="in",
                kind="text",
                status="answered",
                author="contact",
                wamid=f"wamid.old{n}",
                body="antes",
                at=timezone.now(),
                answered_at=timezone.now(),
            )
            for n in range(500)
        )
    assert answer_cost(busy) <= before + ROOM


def test_many_companies_cost_no_more(busy: Shop, settings: Any) -> None:
    settings.REGISTRY_CACHE_SECONDS = 0.0
    before = answer_cost(busy)
    for number in range(50):
        tenant = Tenant.objects.create(key=f"empresa{number}", db_name=f"empresa_{number}")
        WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=f"5550{number}")
    assert answer_cost(busy) <= before + ROOM


def test_many_clients_cost_no_more(busy: Shop) -> None:
    before = answer_cost(busy)
    for number in range(20):
        busy.says("hola", by=f"57300555{number:04d}")
    assert answer_cost(busy) <= before + ROOM


def test_messages_of_one_webhook_are_stored_together(busy: Shop) -> None:
    """Reactions of ten people: storing is all there is to do."""
    people = [f"57300666{number:04d}" for number in range(10)]
    for by in people:
        busy.says("hola", by=by)
    content = {"message_id": "wamid.x", "emoji": "👍"}
    reactions = [incoming("reaction", content, by) for by in people]
    assert cost(lambda: busy.sends(*reactions)) <= TEN_MESSAGES_STORED + ROOM


def test_control_finds_the_company_and_the_company_does_the_rest(
    busy: Shop, other_shop: Shop
) -> None:
    with captured("default") as control, captured(other_shop.tenant.alias) as other:
        busy.says("2")
    assert len(other) == 0
    assert all("tenants_" in query["sql"] for query in control.captured_queries)
