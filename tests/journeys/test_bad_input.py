"""What nobody should send us, and what Meta sends in spite of its documentation."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from conversations.models import AccountEvent, Message
from tenants.models import Tenant, UndeliveredEvent, WhatsAppNumber
from tests.journeys.conftest import DATA
from tests.journeys.shop import ANA, Json, Shop, incoming, new_wamid, person, text_message
from whapco.simulator.webhooks import SIGNATURE_HEADER, signature, wire_form

VECTORS = json.loads((DATA / "signature_vectors.json").read_text(encoding="utf-8"))
MENU = ("menu_principal|iniciar|Menu", "menu_principal|1|Uno")


@pytest.fixture
def vector_shop(shop: Shop) -> Shop:
    """Acme with the number and the secret of the vectors."""
    shop.tenant.app_secret = "0123456789abcdef0123456789abcdef"
    shop.tenant.save()
    WhatsAppNumber.objects.create(tenant=shop.tenant, phone_number_id="109876543210001")
    return shop


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signature_vectors(vector_shop: Shop, vector: Json, settings: Any) -> None:
    settings.META_APP_SECRET = vector["secret"]  # bodies without a number are the installation's
    headers = {SIGNATURE_HEADER: vector["x_hub_signature_256"]}
    answer = vector_shop.post_raw(vector["body"].encode(), headers)
    is_json = vector["name"] not in ("empty_body_signed", "not_json_signed")
    wanted = 403 if not vector["valid"] else 200 if is_json else 400
    assert answer.status_code == wanted
    assert len(vector_shop.received()) == (wanted == 200)


def hello(shop: Shop, **extra: Any) -> Json:
    return shop.envelope(contacts=[person(ANA)], messages=[text_message("hola", **extra)])


def assert_untouched(*shops: Shop) -> None:
    for shop in shops:
        assert shop.messages() == []
        assert shop.out == []
    assert not UndeliveredEvent.objects.exists()


def test_an_unsigned_post_is_refused(shop: Shop) -> None:
    assert shop.post_raw(wire_form(hello(shop)), {}).status_code == 403
    assert_untouched(shop)


@pytest.mark.parametrize("secret", ["otro", "secreto-beta", "secreto-global", ""])
def test_a_post_signed_with_another_secret_is_refused(shop: Shop, secret: str) -> None:
    assert shop.post(hello(shop), secret).status_code == 403
    assert_untouched(shop)


def test_unsigned_is_accepted_only_without_secret_and_on_demand(shop: Shop, settings: Any) -> None:
    shop.rules(*MENU)
    shop.tenant.app_secret = ""
    shop.tenant.save()
    settings.META_APP_SECRET = ""
    assert shop.post_raw(wire_form(hello(shop)), {}).status_code == 403
    settings.WEBHOOK_ALLOW_UNSIGNED = True
    assert shop.post_raw(wire_form(hello(shop)), {}).status_code == 200
    assert shop.out == ["Menu"]


def test_unsigned_is_never_accepted_where_a_secret_is_set(shop: Shop, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_UNSIGNED = True
    assert shop.post_raw(wire_form(hello(shop)), {}).status_code == 403
    assert_untouched(shop)


@pytest.mark.parametrize("raw", [b"", b"{", b"[1,2", b"\xff\xfe", b'{"a":' * 5000, b"nada"])
def test_what_is_no_json_is_refused_and_kept(shop: Shop, raw: bytes) -> None:
    headers = {SIGNATURE_HEADER: signature(raw, "secreto-global")}
    assert shop.post_raw(raw, headers).status_code == 400
    assert UndeliveredEvent.objects.count() == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"nada"])
def test_what_is_no_json_nor_signed_leaves_no_trace(shop: Shop, raw: bytes) -> None:
    assert shop.post_raw(raw, {SIGNATURE_HEADER: "sha256=" + "0" * 64}).status_code == 403
    assert_untouched(shop)


ODD_BODIES: list[Any] = [
    1,
    "hola",
    [],
    [[]],
    {},
    {"object": "page", "entry": [1]},
    {"entry": None},
    {"entry": {}},
    {"entry": [None, 1, "x", []]},
    {"entry": [{"id": None, "changes": 7}]},
    {"entry": [{"changes": [None, {"value": None}, {"field": 3, "value": []}]}]},
    {"entry": [{"id": {"a": 1}, "changes": [{"field": "messages", "value": {"metadata": []}}]}]},
    {"entry": [{"id": 5, "changes": [{"field": "messages", "value": {"messages": {"a": 1}}}]}]},
]


@pytest.mark.parametrize("body", ODD_BODIES, ids=str)
def test_json_of_any_shape_is_answered_with_200(shop: Shop, body: Any) -> None:
    raw = json.dumps(body).encode()
    answer = shop.post_raw(raw, {SIGNATURE_HEADER: signature(raw, "secreto-global")})
    assert answer.status_code == 200
    assert shop.messages() == []


ODD_MESSAGES: list[Any] = [
    None,
    "hola",
    {},
    {"id": "wamid.x"},
    {"id": "", "from": ANA, "type": "text"},
    {"id": 5, "from": [], "type": {}},
    {"id": "wamid.x", "from": ANA, "timestamp": "ayer", "type": "text", "text": {"body": "x"}},
    {"id": "wamid.x", "from": ANA, "timestamp": "9" * 30, "type": "text", "text": {"body": "x"}},
    {"id": "w" * 5000, "from": ANA, "timestamp": "1", "type": "text", "text": {"body": "x"}},
]


@pytest.mark.parametrize("odd", ODD_MESSAGES, ids=lambda odd: str(odd)[:40])
def test_an_odd_message_costs_its_neighbours_nothing(shop: Shop, odd: Any) -> None:
    shop.rules(*MENU)
    body = shop.envelope(
        contacts=[person(ANA)], messages=[text_message("hola"), odd, text_message("1")]
    )
    assert shop.post(body).status_code == 200
    assert [row.body for row in shop.received()] == ["hola", "1"]
    assert shop.out == ["Menu", "Uno"]
    with shop.inside():
        assert AccountEvent.objects.filter(field="bad_item").count() == 1


HOSTILE: dict[str, Any] = {
    "long from": {"from": "5" * 33},
    "from with a plus": {"from": "+573001112233"},
    "no type": {"type": None},
    "long type": {"type": "t" * 500, "t" * 500: {"a": 1}},
    "text that is a list": {"text": []},
    "text without body": {"text": {}},
    "body that is a number": {"text": {"body": 5}},
    "context that is text": {"context": "x"},
    "long context": {"context": {"id": "w" * 5000}},
    "errors": {"errors": [None, {"code": "x"}]},
    "future timestamp": {"timestamp": "4000000000"},
    "number timestamp": {"timestamp": 1788868800},
    "no timestamp": {"timestamp": None},
    "deep": {"x": json.loads("[" * 500 + "]" * 500)},
    "deeper than MariaDB takes": {"x": json.loads("[" * 32 + "]" * 32)},
    "infinite": {"x": 1e999},
    "huge integer": {"x": 10**400},
    "huge body": {"text": {"body": "a" * 200_000}},
    "NUL and surrogate keys": {"\ud83d\0": "\udc00\0"},
    "NUL in the id": {"id": "wamid.\0x"},
    "long id": {"id": "w" * 255},
    "emoji": {"text": {"body": "👩‍👩‍👧‍👦🇨🇴 " * 50}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_fields_never_break_the_door(shop: Shop, name: str) -> None:
    shop.rules(*MENU)
    odd = {**text_message("hola"), **HOSTILE[name]}
    body = shop.envelope(contacts=[person(ANA)], messages=[odd, text_message("1", by="573009")])
    assert shop.post(body).status_code == 200
    assert shop.out_to("573009") == ["Menu", "Uno"]
    assert all(row.answered_at for row in shop.received())


@pytest.mark.parametrize(
    "contacts",
    [None, {}, [], [None], ["x"], [{"wa_id": 5}], [{"profile": None, "wa_id": ANA}], "x"],
    ids=str,
)
def test_contacts_of_any_shape_are_no_reason_to_lose_a_message(shop: Shop, contacts: Any) -> None:
    shop.rules(*MENU)
    body = shop.envelope(contacts=contacts, messages=[text_message("hola")])
    if contacts is None:
        del body["entry"][0]["changes"][0]["value"]["contacts"]
    assert shop.post(body).status_code == 200
    assert shop.out_to(ANA) == ["Menu"]


def test_a_name_of_any_length_is_cut(shop: Shop) -> None:
    name = "Ñandú 🦤" * 100
    body = shop.envelope(
        contacts=[{"wa_id": ANA, "profile": {"name": name, "username": "@" + "u" * 300}}],
        messages=[text_message("hola")],
    )
    assert shop.post(body).status_code == 200
    assert shop.contact().profile_name == name[:255]


def test_three_megabytes_are_accepted_and_answered(shop: Shop) -> None:
    shop.rules(*MENU)
    filler = [incoming("text", {"body": "x" * 60_000}, "573002") for _ in range(48)]
    body = shop.envelope(contacts=[], messages=[*filler, text_message("hola")])
    assert len(wire_form(body)) > 2_800_000
    assert shop.post(body).status_code == 200
    assert len(shop.received()) == 49
    assert shop.out_to(ANA) == ["Menu"]


def test_more_than_four_megabytes_are_refused(shop: Shop) -> None:
    body = shop.envelope(contacts=[], messages=[text_message("x" * 4_300_000)])
    assert shop.post(body).status_code in (400, 413)
    assert_untouched(shop)


def deep_bodies(shop: Shop) -> list[Json]:
    """Nesting beyond any database's limit, wherever we keep what Meta sent."""
    deep = json.loads('{"a":' * 200 + "1" + "}" * 200)
    reply = {"name": "flow", "response_json": json.dumps(deep)}
    form = incoming("interactive", {"type": "nfm_reply", "nfm_reply": reply})
    return [
        shop.envelope(messages=[form]),
        shop.envelope(messages=[{"x": deep}]),
        shop.envelope(statuses=[{"id": "wamid.x", "status": "sent", "x": deep}]),
        shop.envelope("brand_new_field", x=deep),
        shop.envelope(number="777", messages=[text_message("x", x=deep)]),
    ]


@pytest.mark.parametrize("number", range(5))
def test_deep_nesting_is_cut_wherever_it_is_kept(shop: Shop, number: int) -> None:
    body = deep_bodies(shop)[number]
    body["entry"][0]["changes"].append(
        shop.envelope(messages=[text_message("hola")])["entry"][0]["changes"][0]
    )
    secret = "secreto-acme"
    if number == 4:
        shop.tenant.app_secret, secret = "", "secreto-global"
        shop.tenant.save()
    assert shop.post(body, secret).status_code == 200
    assert "hola" in [row.body for row in shop.received()]


def test_a_thousand_items_of_one_webhook_are_all_kept(shop: Shop) -> None:
    people = [f"57300{number:07d}" for number in range(40)]
    messages = [text_message(f"m{n}", by=people[n % 40]) for n in range(400)]
    receipts = [
        {"id": f"wamid.r{n}", "status": "sent", "timestamp": "1788868800", "recipient_id": ANA}
        for n in range(600)
    ]
    body = shop.envelope(contacts=[], messages=messages, statuses=receipts)
    assert shop.post(body).status_code == 200
    assert len(shop.received()) == 400
    assert all(row.answered_at for row in shop.received())


def verify(shop: Shop, query: str, **headers: str) -> Any:
    return shop.client.get(f"/webhook?{query}", headers=headers)


def test_metas_handshake_is_answered_with_its_challenge(shop: Shop) -> None:
    answer = verify(
        shop, "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verificar-global"
    )
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=otro",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verificar-global",
        "hub.challenge=1&hub.verify_token=verificar-global",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=verificar-glob%C3%A1l",
        "hub.mode=subscribe&hub.challenge=1",
        "",
    ],
)
def test_a_wrong_handshake_is_refused(shop: Shop, query: str) -> None:
    assert verify(shop, query).status_code == 403


def test_the_handshake_of_a_company_wants_its_own_token(shop: Shop) -> None:
    query = "hub.mode=subscribe&hub.challenge=1&tenant=acme&hub.verify_token="
    assert verify(shop, f"{query}verificar-acme").status_code == 200
    assert verify(shop, f"{query}verificar-beta").status_code == 403
    assert verify(shop, f"{query}verificar-global").status_code == 403


def test_an_empty_verify_token_opens_nothing(shop: Shop, settings: Any) -> None:
    settings.VERIFY_TOKEN = ""
    query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token="
    assert verify(shop, query).status_code == 403


def test_the_webhook_has_no_other_methods(shop: Shop) -> None:
    assert shop.client.put("/webhook", data="{}").status_code == 405
    assert shop.client.delete("/webhook").status_code == 405


def test_header_and_query_must_name_the_same_company(shop: Shop, other_shop: Shop) -> None:
    for secret in ("secreto-acme", "secreto-beta"):
        answer = shop.post(hello(shop), secret, "?tenant=beta", **{"X-Tenant-ID": "acme"})
        assert answer.status_code == 403
    assert_untouched(shop, other_shop)


@pytest.mark.parametrize("where", ["header", "query", "both"])
def test_a_company_may_be_named_in_the_address(shop: Shop, where: str) -> None:
    shop.rules(*MENU)
    query = "" if where == "header" else "?tenant=acme"
    headers = {} if where == "query" else {"X-Tenant-ID": "acme"}
    assert shop.post(hello(shop), query=query, **headers).status_code == 200
    assert shop.out == ["Menu"]


def test_a_named_company_takes_a_number_that_nobody_has(shop: Shop) -> None:
    """The address says whose it is, before the number is registered."""
    body = shop.envelope(number="777", contacts=[], messages=[text_message("hola")])
    assert shop.post(body, query="?tenant=acme").status_code == 200
    assert len(shop.received()) == 1


@pytest.mark.parametrize("secret", ["secreto-acme", "secreto-beta"])
def test_a_named_company_never_takes_the_number_of_another(
    shop: Shop, other_shop: Shop, secret: str
) -> None:
    body = hello(other_shop)
    assert shop.post(body, secret, query="?tenant=acme").status_code == 403
    assert_untouched(shop, other_shop)


@pytest.mark.parametrize("secret", ["secreto-acme", "secreto-beta", "secreto-global"])
def test_items_of_two_secrets_are_refused_together(
    shop: Shop, other_shop: Shop, secret: str
) -> None:
    body = hello(shop)
    body["entry"] += hello(other_shop)["entry"]
    assert shop.post(body, secret).status_code == 403
    assert_untouched(shop, other_shop)


def test_an_item_of_an_unknown_number_does_not_lend_a_secret(shop: Shop) -> None:
    """Signed with the installation's secret, an item of acme's beside a stranger's is refused."""
    body = hello(shop)
    body["entry"] += shop.envelope(number="777", messages=[text_message("x")])["entry"]
    assert shop.post(body, "secreto-global").status_code == 403
    assert_untouched(shop)


def test_an_account_event_needs_its_companys_secret(shop: Shop, other_shop: Shop) -> None:
    """Account events name no number: their account says whose they are."""
    body = {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": "9222", "changes": [{"field": "account_update", "value": {"event": "X"}}]}
        ],
    }
    assert shop.post(body, "secreto-acme").status_code == 403
    assert shop.post(body, "secreto-beta").status_code == 200
    with other_shop.inside():
        assert AccountEvent.objects.count() == 1
    with shop.inside():
        assert AccountEvent.objects.count() == 0


def test_an_account_event_beside_a_message_of_another_company_is_refused(
    shop: Shop, other_shop: Shop
) -> None:
    body = hello(shop)
    stop = {"user_preferences": [{"wa_id": ANA, "value": "stop"}]}
    body["entry"].append({"id": "9222", "changes": [{"field": "user_preferences", "value": stop}]})
    assert shop.post(body, "secreto-acme").status_code == 403
    assert_untouched(shop, other_shop)


@pytest.mark.parametrize("key", ["nadie", "ACME", "acme'--", "🦤", "a" * 500])
def test_an_unknown_company_is_not_found(shop: Shop, key: str) -> None:
    answer = shop.client.post(
        "/webhook", data=b"{}", content_type="application/json", query_params={"tenant": key}
    )
    assert answer.status_code == 404
    assert "No se encontró la empresa" in answer.content.decode()
    assert "<" not in answer.content.decode() or answer["Content-Type"].startswith("text/plain")


def test_a_named_company_never_takes_the_account_of_another(shop: Shop, other_shop: Shop) -> None:
    Tenant.objects.update(app_secret="")
    change = {"field": "account_update", "value": {"event": "X"}}
    body = {"entry": [{"id": "9222", "changes": [change]}]}
    assert shop.post(body, "secreto-global", query="?tenant=acme").status_code == 403
    for one in (shop, other_shop):
        with one.inside():
            assert not AccountEvent.objects.exists()


def test_a_suspended_companys_messages_are_kept_and_not_answered(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.tenant.active = False
    shop.tenant.save()
    shop.says("hola")
    assert shop.out == []
    assert len(shop.received()) == 1
    shop.tenant.active = True
    shop.tenant.save()
    assert shop.heard_after(shop.sweep) == ["Menu"]


@pytest.fixture
def broken_beta(other_shop: Shop, tmp_path: Any) -> Iterator[Shop]:
    """Beta's database cannot be reached, and both companies share the app."""
    place = {name: getattr(other_shop.tenant, name) for name in ("db_host", "db_port", "db_name")}
    is_sqlite = connections["default"].vendor == "sqlite"
    nowhere = {"db_name": "carpeta"} if is_sqlite else {"db_host": "127.0.0.1", "db_port": 1}
    if is_sqlite:
        from pathlib import Path

        from tenants.models import sqlite_path

        Path(sqlite_path("carpeta")).mkdir(exist_ok=True)
    Tenant.objects.update(app_secret="")
    Tenant.objects.filter(key="beta").update(**nowhere)
    yield other_shop
    Tenant.objects.filter(key="beta").update(**place)


def recover(shop: Shop) -> None:
    Tenant.objects.filter(key="beta").update(
        db_host=shop.tenant.db_host, db_port=shop.tenant.db_port, db_name=shop.tenant.db_name
    )


def test_a_database_that_is_down_costs_the_other_company_nothing(
    shop: Shop, broken_beta: Shop
) -> None:
    shop.rules(*MENU)
    body = hello(broken_beta)
    body["entry"] += hello(shop)["entry"]
    assert shop.post(body, "secreto-global").status_code == 500
    assert [row.body for row in shop.received()] == ["hola"]
    assert shop.out == ["Menu"]
    recover(broken_beta)
    assert shop.post(body, "secreto-global").status_code == 200
    assert [row.body for row in broken_beta.received()] == ["hola"]
    assert [row.body for row in shop.received()] == ["hola"]
    assert shop.out == ["Menu"]


def test_a_retry_after_an_outage_is_stored_once(shop: Shop, broken_beta: Shop) -> None:
    body = hello(broken_beta, wamid=new_wamid())
    for _ in range(2):
        assert shop.post(body, "secreto-global").status_code == 500
    recover(broken_beta)
    for _ in range(2):
        assert shop.post(body, "secreto-global").status_code == 200
    assert len(broken_beta.received()) == 1


def test_while_the_control_database_is_down_meta_is_asked_to_retry(shop: Shop) -> None:
    shop.rules(*MENU)
    connection = connections["default"]
    table, away = Tenant._meta.db_table, "tenants_tenant_away"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {away}")
    try:
        assert shop.post(hello(shop)).status_code == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {away} RENAME TO {table}")
    assert shop.post(hello(shop)).status_code == 200
    assert len(shop.received()) == 1


def test_nothing_of_a_body_is_in_an_answer(shop: Shop) -> None:
    """Whatever the door answers, it repeats no secret and no customer's words."""
    body = hello(shop)
    for secret in ("secreto-acme", "otro"):
        answer = shop.post(body, secret)
        assert b"hola" not in answer.content
        assert b"secreto" not in answer.content


def test_messages_of_unknown_types_wait_for_nobody(shop: Shop) -> None:
    shop.rules(*MENU)
    shop.sends(incoming("unknown", None), incoming("ephemeral", {"a": 1}), text_message("1"))
    assert shop.out[-1] == "Uno"
    with shop.inside():
        assert not Message.objects.filter(status="received").exists()
