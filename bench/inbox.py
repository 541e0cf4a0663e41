"""What the inbox costs the server in a big company: `python bench/inbox.py`.

Fills a MariaDB database of its own (DB_HOST, DB_USER: 127.0.0.1, root) with a million messages in
5,000 chats, one of them with some 58,000, unless `--keep` finds it filled; then asks, through the
whole stack but the network, for the list, a chat, older pages of it and searches, as an admin and
as an agent, and prints the milliseconds. Times depend on the machine; the goal is 100 ms at p95.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

DATABASE = "whapco_bench_inbox"
PASSWORD = "clave-larga-1"  # noqa: S105  of a database that is made here


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--chats", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--keep", action="store_true", help="use what an earlier run filled")
    options = parser.parse_args()
    _environment()
    if not options.keep:
        _fill(options.messages, options.chats)
    import django

    django.setup()
    from tenants.context import tenant_context
    from tenants.models import Role, Tenant, User

    with tenant_context(Tenant.single_company()):
        for name, role in (("jefa", Role.ADMIN), ("vendedora", "ventas")):
            _report(name, _person(User, Role, name, role), options.rounds)


def _person(users: Any, roles: Any, name: str, role: str) -> Any:
    user = users.objects.filter(username=name).first()
    user = user or users.objects.create_user(name, password=PASSWORD)
    user.roles.add(roles.objects.get(keyword=role))
    return user


def _environment() -> None:
    mine = {"DB_HOST": "127.0.0.1", "DB_USER": "root"}
    os.environ.update({name: os.environ.get(name, value) for name, value in mine.items()})
    os.environ |= {
        "WHAPCO_ENV_FILE": os.devnull,
        "DB_NAME": DATABASE,
        "SECRET_KEY": "solo-para-medir",
        "ALLOWED_HOSTS": "*",
        "DJANGO_SETTINGS_MODULE": "whapco.settings",
        "INIT_DB_ON_START": "0",
    }


def _fill(messages: int, chats: int) -> None:
    import inbox_company

    inbox_company.make(messages, chats)


def _report(name: str, user: Any, rounds: int) -> None:
    from django.test import Client

    client = Client()
    client.post("/login", {"username": name, "password": PASSWORD})
    chance = Random(11)
    print(f"{name}: milliseconds of {rounds} rounds: p50, p95")
    for act, addresses in _acts(user, chance, rounds).items():
        taken = sorted(_time(client, one) for one in addresses)
        p50, p95 = statistics.median(taken), taken[int(len(taken) * 0.95) - 1]
        print(f"  {act:26} {p50:7.1f} {p95:7.1f}   slowest {taken[-1]:.1f}")


def _time(client: Any, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address, HTTP_HX_REQUEST="true")
    taken = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return taken


def _acts(user: Any, chance: Random, rounds: int) -> dict[str, list[str]]:
    from urllib.parse import quote

    from conversations.models import Conversation

    seen = Conversation.objects.visible_to(user).order_by("pk")
    chats = list(seen.values_list("pk", flat=True)[:2000])
    longest = chats[0]
    middle = list(_places(longest, rounds))
    say: Callable[[Iterable[str]], list[str]] = lambda words: [  # noqa: E731
        f"/chats/buscar?q={quote(chance.choice(list(words)))}" for _ in range(rounds)
    ]
    return {
        "list": ["/chats/lista"] * rounds,
        "list, mine": ["/chats/lista?vista=mios"] * rounds,
        "list, unread": ["/chats/lista?sin_leer=1"] * rounds,
        "list, scrolled": [f"/chats/lista?before={_cursor(seen, chance)}" for _ in range(rounds)],
        "open": [f"/chats/{chance.choice(chats)}/" for _ in range(rounds)],
        "open the longest": [f"/chats/{longest}/"] * rounds,
        "scroll the longest": [f"/chats/{longest}/mensajes?before={pk}" for pk in middle],
        "search, common word": say(("hola", "envio", "camisa", "el", "de", "a", "pago")),
        "search, rare word": say(("divipolle", "rurrame", "llemo", "42547", "cecela", "nillece")),
        "search, several words": say(("camisa azul talla", "pedido 42547", "hola divipolle")),
        "search, name or number": say(("cliente 40", "+57 310 000 0040", "Cliénte 123", "zzz")),
    }


def _places(chat: int, count: int) -> list[int]:
    """Messages all along the thread."""
    from conversations.models import Message

    ids = list(
        Message.objects.filter(conversation=chat).order_by("at").values_list("pk", flat=True)
    )
    return [ids[(n + 1) * len(ids) // (count + 1)] for n in range(count)]


def _cursor(seen: Any, chance: Random) -> str:
    from urllib.parse import quote

    one = seen[chance.randrange(min(4000, seen.count()))]
    return quote(f"{one.last_message_at.isoformat()},{one.pk}")


if __name__ == "__main__":
    main()
