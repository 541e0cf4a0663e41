"""Journeys: from the webhook to what Meta receives. Only Meta is fake."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.journeys.shop import Shop
from tests.meta import FakeMeta

DATA = Path(__file__).parent.parent / "data" / "whatsapp"


def _oracle() -> Callable[[Any], list[str]]:
    spec = importlib.util.spec_from_file_location("outgoing_check", DATA / "outgoing_check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[[Any], list[str]] = module.check
    return check


check_outgoing = _oracle()


@pytest.fixture
def shop(companies: SimpleNamespace, meta: FakeMeta) -> Shop:
    """Company acme with number 111."""
    return Shop(companies.acme, "111", meta, "secreto-acme")


@pytest.fixture
def other_shop(companies: SimpleNamespace, meta: FakeMeta) -> Shop:
    """Company beta with number 222."""
    return Shop(companies.beta, "222", meta, "secreto-beta")


@pytest.fixture(autouse=True)
def _every_body_is_fit_for_meta(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a journey sends, accepted or refused, is valid by an independent oracle."""
    fake: FakeMeta | None = None
    if "meta" in request.fixturenames:
        fake = request.getfixturevalue("meta")
    yield
    if fake is not None:
        calls = [call for call in fake.graph.memory.calls if call.path.endswith("/messages")]
        bodies = [*fake.calls, *(call.request for call in calls)]
        assert [(body, check_outgoing(body)) for body in bodies if check_outgoing(body)] == []
