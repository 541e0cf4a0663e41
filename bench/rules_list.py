"""Server time of the list of rules with ten thousand of them, and of what people do there.

    DB_HOST=… .venv/bin/python -m bench.rules_list [rules]

Works in a database of its own, which it makes and drops, on SQLite or on the server of DB_HOST.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
RULES = "/admin/chatbot/rule/"
STEPS, ROUNDS = 500, 15


def main(count: int) -> None:
    import django

    django.setup()
    from django.test import Client
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    try:
        fill(count)
        client = Client()
        client.post("/login", {"username": "jefa", "password": "Clave-1234"})
        measure(client)
    finally:
        teardown_databases(made, verbosity=0)


def fill(count: int) -> None:
    from chatbot import drafts, publishing
    from chatbot.models import Rule, RuleEdit
    from tenants.context import tenant_context
    from tenants.models import Role, Tenant, User

    with tenant_context(Tenant.single_company()):
        Role.objects.get_or_create(keyword=Role.ADMIN, defaults={"name": "Administración"})
        user = User.objects.create_superuser("jefa", password="Clave-1234")
        user.roles.set(Role.objects.filter(keyword=Role.ADMIN))
        rules = [rule(number) for number in range(count)]
        with drafts.editing(RuleEdit.Kind.BULK, author="bench"):
            Rule.objects.bulk_create(rules, 500)
        publishing.publish()


def rule(number: int) -> Any:
    from chatbot.models import Rule

    step = "menu_principal" if number < 20 else f"paso_{number % STEPS}"
    options = [{"id": f"o{number}", "title": f"Opción {number}", "step": f"paso_{number % 7}"}]
    return Rule(
        step=step,
        trigger="*" if number < 1 else f"palabra {number}, ñandú {number}",
        reply=f"Respuesta número {number}: cotización y envío a domicilio. " * 2,
        next_step=f"paso_{(number + 1) % STEPS}",
        kind="boton" if number % 10 == 0 else "texto",
        options=options if number % 10 == 0 else None,
    )


def measure(client: Any) -> None:
    from chatbot import rule_index, rulebooks

    def cold() -> None:
        rule_index.forget()
        client.get(RULES)

    def edited() -> None:
        """The first look after somebody saved."""
        bump()
        client.get(RULES)

    tell("first page after a restart", cold, rounds=3)
    rulebooks.forget()
    tell("first page after an edit", edited, rounds=5)
    tell("page", lambda: client.get(RULES))
    tell("findings of a page", problems(client), rounds=3)
    tell("last page", lambda: client.get(f"{RULES}?p=99"))
    tell("search", lambda: client.get(f"{RULES}?q=cotizacion+numero+77"))
    tell("with errors", lambda: client.get(f"{RULES}?estado=con_error"))
    tell("unpublished", lambda: client.get(f"{RULES}?estado=sin_publicar"))
    tell("form", lambda: client.get(f"{RULES}{first()}/change/"))
    tell("preview", lambda: client.post(f"{RULES}vista-previa/", {"kind": "texto", "reply": "a"}))
    tell("save", lambda: save(client), rounds=5)
    tell("move", lambda: client.post(f"{RULES}mover/", {"move": f"{first()}:down"}), rounds=5)


def problems(client: Any) -> Callable[[], None]:
    def ask() -> None:
        bump()
        client.get(f"{RULES}problemas/?ids={first()}")

    return ask


def save(client: Any) -> None:
    data = {"step": "menu_principal", "trigger": "*", "kind": "texto", "match": "exacta"}
    data |= {"reply": f"Hola {time.time()}", "priority": "100", "options": ""}
    data |= {"medias-TOTAL_FORMS": "0", "medias-INITIAL_FORMS": "0"}
    client.post(f"{RULES}{first()}/change/", data)


def bump() -> None:
    from chatbot.drafts import lock_draft
    from tenants.context import atomic, tenant_context
    from tenants.models import Tenant

    with tenant_context(Tenant.single_company()), atomic():
        lock_draft()


def first() -> int:
    from chatbot.models import Rule
    from tenants.context import tenant_context
    from tenants.models import Tenant

    with tenant_context(Tenant.single_company()):
        return Rule.objects.order_by("pk").values_list("pk", flat=True)[0]


def tell(name: str, do: Callable[[], object], rounds: int = ROUNDS) -> None:
    spent = []
    for _round in range(rounds):
        started = time.perf_counter()
        do()
        spent.append((time.perf_counter() - started) * 1000)
    print(f"{name:28} median {statistics.median(spent):7.0f} ms   worst {max(spent):7.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
