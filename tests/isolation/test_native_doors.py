"""The event stream and the webhook of a real server, which Django's middleware does not guard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.meta import FakeMeta
from tests.servers import Server, mariadb_rows, on_mariadb
from whapco.isolation.webhooks import signature

SECONDS = 20
# Two companies full of marks, and every way from one to the other, as the report has them.
PREPARE = """
import json
from tenants.models import Tenant, WhatsAppNumber
from tenants.services import create_tenant, prepare_installation
from tenants import registry
from django.conf import settings
from pathlib import Path
from whapco.isolation.marks import Marks
from whapco.isolation.people import WAYS, World, knock
from whapco.isolation.planting import Company, plant
from whapco.isolation.webhooks import posts

def company(key, db_name, rounds):
    tenant = Tenant(key=key, db_name=db_name)
    numbers = [f"7{rounds}7", f"8{rounds}8"]
    env = {"META_TOKEN": "T1", "META_APP_SECRET": f"secreto-{key}", "PHONE_NUMBER_ID": numbers[0]}
    create_tenant(tenant, metadata={"env": env})
    made = Company(tenant, Marks(), numbers)
    plant(made, rounds)
    return made

settings.UPLOADS_DIR = Path(FOLDER)
prepare_installation(even_if_switched_off=True)
world = World(company("acme", A, 1), company("beta", B, 2), registry.control_scope())
asked = [
    (person.name, way.name, vars(knock(world, person, way)))
    for person in world.strangers for way in WAYS
    if person.user is not None or not way.needs_session
]
print(json.dumps([asked, [vars(post) for post in posts(world)]]))
"""
MESSAGES_OF_B = """
from conversations.models import Message
from tenants import registry
from tenants.context import tenant_context
with tenant_context(registry.by_key("beta")):
    print(Message.objects.exclude(direction="own").count())
"""

# The newest chat of each; B has one more than A, so that no id stands for both.
CHATS = """
from conversations.models import Conversation
from tenants import registry
from tenants.context import tenant_context
for key in ("acme", "beta"):
    with tenant_context(registry.by_key(key)):
        print(Conversation.objects.latest("pk").pk)
"""


@pytest.fixture
def server(_meta: FakeMeta) -> Iterator[Server]:
    server = Server(_meta, PHONE_NUMBER_ID="", META_APP_SECRET="", META_TOKEN="")
    yield server
    server.close()
    if on_mariadb():
        for letter in "ab":
            mariadb_rows(f"DROP DATABASE IF EXISTS {server.database}_{letter}")


def prepared(server: Server) -> tuple[list[Any], list[Any]]:
    stem = Path(server.database).stem
    facts = f"A, B, FOLDER = {stem + '_a'!r}, {stem + '_b'!r}, {str(server.folder)!r}"
    asked, posts = json.loads(server.run(facts + PREPARE).splitlines()[-1])
    return asked, posts


def listen(server: Server, carried: dict[str, Any]) -> requests.Response:
    query = f"?{carried['query']}" if carried["query"] else ""
    headers = {**dict(carried["headers"]), "Cookie": f"whapco_session={carried['cookie']}"}
    return requests.get(
        f"{server.url}/eventos{query}", headers=headers, stream=True, timeout=SECONDS
    )


def send(server: Server, post: dict[str, Any], secret: str = "secreto-acme") -> int:
    body = json.dumps(post["body"]).encode()
    headers = {"X-Tenant-ID": post["header"]} if post["header"] else {}
    if post["is_signed"]:
        headers["X-Hub-Signature-256"] = signature(body, secret)
    query = f"?tenant={post['query']}" if post["query"] else ""
    address = f"{server.url}/webhook{query}"
    return requests.post(address, data=body, headers=headers, timeout=SECONDS).status_code


def test_native_doors_open_for_ones_own_company_only(server: Server) -> None:
    asked, posts = prepared(server)
    stored = server.run(MESSAGES_OF_B)
    server.start()
    for person, way, carried in asked:
        with listen(server, carried) as stream:
            is_own = way == "own" and person != "anonymous"
            assert stream.status_code == (200 if is_own else 403), (person, way)
    for post in posts:
        assert send(server, post) == (200 if post["is_accepted"] else 403), post["title"]
    assert server.run(MESSAGES_OF_B) == stored

    admin = next(carried for person, way, carried in asked if (person, way) == ("admin", "own"))
    of_b, *_ = posts
    of_a = next(post for post in posts if post["title"] == "Número de A con la cabecera de B")
    with listen(server, admin) as stream:
        lines = stream.iter_lines()
        assert next(lines) == b"retry: 2000"  # it listens
        assert send(server, of_b, secret="secreto-beta") == 200
        assert send(server, {**of_a, "header": ""}) == 200
        hint = json.loads(next(line for line in lines if line.startswith(b"data:"))[5:])
    chats = server.run(CHATS).split()
    assert hint["chat"] == int(chats[0])
    assert chats[0] != chats[1]
