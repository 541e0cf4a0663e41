"""Whatever comes through the door: no 500, no failed answer, and nothing readable is lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import AccountEvent, Message, PendingStatus
from conversations.whatsapp.inbound import parse
from tenants.context import tenant_context
from tenants.models import Tenant, UndeliveredEvent
from tests.fuzz.conftest import FEW
from tests.fuzz.mutations import bytes_of_bodies, damaged
from tests.journeys.shop import Shop
from whapco.simulator.webhooks import SIGNATURE_HEADER, signature

HEX = st.text("0123456789abcdefABCDEF", max_size=70)
SIGNATURES = st.one_of(
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=80),
    HEX.map("sha256={}".format),
    HEX.map("sha1={}".format),
)
ADDRESSES = st.sampled_from(["", "", "?tenant=acme"])


def post(shop: Shop, raw: bytes, query: str = "") -> int:
    headers = {SIGNATURE_HEADER: signature(raw, shop.secret)}
    return int(shop.post_raw(raw, headers, query).status_code)


def kept() -> int:
    """How many notices, parked receipts and events of nobody there are."""
    found = UndeliveredEvent.objects.count()
    for key in ("acme", "beta"):
        with tenant_context(Tenant.objects.get(key=key)):
            found += AccountEvent.objects.count() + PendingStatus.objects.count()
    return found


def known() -> set[str]:
    """The ids of all messages that a company has."""
    found: set[str] = set()
    for key in ("acme", "beta"):
        with tenant_context(Tenant.objects.get(key=key)):
            found |= set(Message.objects.exclude(wamid=None).values_list("wamid", flat=True))
    return found


def to_be_noted(raw: bytes) -> int:
    """How many things a body holds that no message row shows."""
    rows = known()
    return sum(getattr(item, "id", "") not in rows for item in parse(json.loads(raw)).items)


def assert_nothing_failed(caplog: pytest.LogCaptureFixture) -> None:
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@FEW
@given(body=damaged(), query=ADDRESSES)
def test_a_damaged_webhook_is_taken_and_all_that_is_readable_is_kept(
    shop: Shop, caplog: pytest.LogCaptureFixture, body: Any, query: str
) -> None:
    caplog.clear()
    raw, before = json.dumps(body).encode(), kept()
    status = post(shop, raw, query)
    assert_nothing_failed(caplog)
    assert status in (200, 400, 403)
    if status == 200:
        assert kept() - before >= to_be_noted(raw)


@FEW
@given(raw=bytes_of_bodies(), query=ADDRESSES)
def test_bytes_of_any_kind_are_taken_or_refused(
    shop: Shop, caplog: pytest.LogCaptureFixture, raw: bytes, query: str
) -> None:
    caplog.clear()
    status = post(shop, raw, query)
    assert_nothing_failed(caplog)
    assert status in (200, 400, 403)


@FEW
@given(body=damaged(), given_signature=SIGNATURES)
def test_without_the_right_signature_nothing_is_taken(
    shop: Shop, body: Any, given_signature: str
) -> None:
    before = (kept(), known())
    headers = {SIGNATURE_HEADER: given_signature}
    assert shop.post_raw(json.dumps(body).encode(), headers).status_code == 403
    assert (kept(), known()) == before
