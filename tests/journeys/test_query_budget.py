"""What an answer costs in statements, and that it costs no more in a big installation."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from chatbot import publishing, rulebooks
from chatbot.models import Rule
from conversations import numbers
from tenants.models import Tenant, WhatsAppNumber
from tests.conftest import ALIASES
from tests.journeys.busy_day import fill
from tests.journeys.shop import Shop, incoming

# The statements of each act, in order, with the registry cached: the same on both engines.
STORED = (
    "BEGIN",
    "SELECT message",  # is it known?
    "SELECT contact",  # whose it is
    "SELECT conversation",  # the chat, if there is one
    "UPDATE conversation",  # unread, window, place in the list; locks the chat
    "INSERT message",
    "COMMIT",  # now Meta gets its 200
)
CLAIMED = (
    "UPDATE conversation",  # the lease
    "SELECT conversation",
    "SELECT contact",
    "SELECT message",  # what waits
    "SELECT botsession",
)
DECIDED = (
    "BEGIN",
    "SELECT conversation",  # is it still ours? (locks it)
    "INSERT message",  # the reply
    "UPDATE message",  # the question is answered
    "UPDATE botsession",
    "UPDATE conversation",  # place in the list
    "COMMIT",
)
SENT = (
    "UPDATE message",  # sending: before the call to Meta
    "UPDATE message",  # accepted: Meta's id, after the call
    "SELECT pendingstatus",  # receipts that overtook its answer
    "UPDATE conversation",  # the lease ends
    "SELECT message",  # did anything arrive meanwhile?
)
INBOUND_WITH_REPLY = (*STORED, *CLAIMED, *DECIDED, *SENT)  # 24
RECEIPT = ("BEGIN", "SELECT message", "UPDATE message", "COMMIT")
REPETITION = ("BEGIN", "SELECT message", "COMMIT")
Statements = tuple[str, ...]
_STATEMENT = re.compile(
    r"(SELECT) .*?FROM \W?(\w+)|(UPDATE|INSERT)(?: INTO)? \W?(\w+)"
    r"|^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)",
    re.DOTALL,
)


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


def cost(do: Callable[[], object]) -> Statements:
    """What all databases ran, in one request: control's first."""
    with ExitStack() as stack:
        captures = [stack.enter_context(captured(alias)) for alias in ALIASES]
        do()
        return tuple(_named(query["sql"]) for found in captures for query in found)


def _named(sql: str) -> str:
    """Verb and table, without the app: `SELECT message`."""
    words = _STATEMENT.search(sql)
    assert words is not None, sql
    verb, table = words[1] or words[3] or words[5], words[2] or words[4] or ""
    return f"{verb} {table.rpartition('_')[2]}".strip()


def answer_cost(shop: Shop) -> Statements:
    """Of one text that one rule answers, with what is asked every few seconds just asked: the
    rulebook's version, how the number is doing."""
    with shop.inside():
        rulebooks.current()
        numbers.forget()
        numbers.paused_until(shop.number)
    before = len(shop.out)
    found = cost(lambda: shop.says("2"))
    assert len(shop.out) == before + 1
    return found


def test_one_text_with_one_reply_costs_these_statements(busy: Shop) -> None:
    assert answer_cost(busy) == INBOUND_WITH_REPLY


def test_a_receipt_costs_these_statements(busy: Shop) -> None:
    wamid = busy.last_sent().wamid or ""
    assert cost(lambda: busy.status(wamid, "delivered")) == RECEIPT


def test_a_repeated_webhook_costs_one_look(busy: Shop) -> None:
    wamid = busy.says("2")
    assert cost(lambda: busy.says("2", wamid=wamid)) == REPETITION


def test_two_thousand_rules_cost_no_more(busy: Shop) -> None:
    with busy.inside():
        Rule.objects.bulk_create(
            Rule(step=f"s{n % 200}", trigger=f"t{n}", reply=f"R{n}") for n in range(2000)
        )
        publishing.publish()
    assert answer_cost(busy) == INBOUND_WITH_REPLY


def test_a_long_history_costs_no_more(busy: Shop) -> None:
    with busy.inside():
        fill(messages=20_000, contacts=200)
    assert answer_cost(busy) == INBOUND_WITH_REPLY


def test_many_companies_cost_no_more(busy: Shop, settings: Any) -> None:
    settings.REGISTRY_CACHE_SECONDS = 0.0
    before = answer_cost(busy)
    for number in range(50):
        tenant = Tenant.objects.create(key=f"empresa{number}", db_name=f"empresa_{number}")
        WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=f"5550{number}")
    assert answer_cost(busy) == before


def test_many_clients_cost_no_more(busy: Shop) -> None:
    for number in range(20):
        busy.says("hola", by=f"57300555{number:04d}")
    assert answer_cost(busy) == INBOUND_WITH_REPLY


def test_messages_of_one_webhook_are_stored_together(busy: Shop) -> None:
    """Reactions of ten people: storing is all there is to do."""
    people = [f"57300666{number:04d}" for number in range(10)]
    for by in people:
        busy.says("hola", by=by)
    content = {"message_id": "wamid.x", "emoji": "👍"}
    reactions = [incoming("reaction", content, by) for by in people]
    assert cost(lambda: busy.sends(*reactions)) == STORED


def test_control_finds_the_company_and_the_company_does_the_rest(
    busy: Shop, other_shop: Shop
) -> None:
    with captured("default") as control, captured(other_shop.tenant.alias) as other:
        busy.says("2")
    assert len(other) == 0
    assert all("tenants_" in query["sql"] for query in control.captured_queries)
