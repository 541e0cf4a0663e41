"""The one simulated Meta of this process, set up from the settings and `data/demo.json`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from whapco.simulator.access import Tokens
from whapco.simulator.delivery import Delivery
from whapco.simulator.graph import Graph
from whapco.simulator.limits import SendLimits
from whapco.simulator.phone import Phone
from whapco.simulator.state import Customer
from whapco.simulator.templates import TemplateBook
from whapco.simulator.webhooks import Webhook


@dataclass(frozen=True)
class Simulator:
    graph: Graph
    phone: Phone
    delivery: Delivery

    def reset(self) -> None:
        """Back to how it started: no chats, no files, no scripted failures, the first numbers."""
        self.delivery.clear()
        graph = self.graph
        with graph.memory.lock:
            graph.memory.clear()
            graph.media.clear()
            graph.script.clear()
            graph.limits.clear()
            graph.tokens.renew_all()
            graph.templates = TemplateBook()
            graph.clock.offset_seconds = 0.0
            vars(graph.switches).update(vars(type(graph.switches)()))
        _furnish(graph)


@cache
def simulator() -> Simulator:
    """Built with the first call: settings are complete by then."""
    graph = Graph(
        tokens=Tokens(open_house=settings.DEMO),
        base_url=settings.GRAPH_API_URL,
        limits=SendLimits(settings.SEND_PAIR_BURST, settings.SEND_RATE_PER_NUMBER),
        version=settings.WHATSAPP_API_VERSION,
        forgiving=True,
    )
    delivery = Delivery(
        f"http://127.0.0.1:{settings.PORT}/webhook",
        secret_of=lambda number_id: _secret(graph, number_id),
        switches=graph.switches,
        record=lambda webhook, status, answer: _record(graph, webhook, status, answer),
    )
    graph.emit = delivery.post
    _furnish(graph)
    return Simulator(graph, Phone(graph), delivery)


def _furnish(graph: Graph) -> None:
    path = Path(__file__).parent / "data" / "demo.json"
    furniture: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for customer in furniture["customers"]:
        graph.memory.customers[customer["wa_id"]] = Customer(**customer)
    for facts in furniture["numbers"]:
        graph.add_number(**facts)
    if settings.PHONE_NUMBER_ID not in ("", *graph.memory.numbers):
        name = settings.DEFAULT_TENANT_NAME
        graph.add_number(settings.PHONE_NUMBER_ID, settings.META_TOKEN, name=name)


def _secret(graph: Graph, number_id: str) -> str:
    number = graph.memory.numbers.get(number_id)
    return (number.app_secret if number else "") or settings.META_APP_SECRET


def _record(graph: Graph, webhook: Webhook, status: int, answer: str) -> None:
    graph.memory.record(
        graph.clock.wall(), "webhook", "POST", "/webhook", status, webhook.body, answer
    )
