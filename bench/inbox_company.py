"""A big company for bench/inbox.py: chats, messages of many words, agents and what they watch."""

import os
import sys
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

COMMON = """
    hola buenas tardes cuanto cuesta envio a Medellín gracias quedo atento pedido camisa talla
    azul negra pago transferencia factura dirección para el la de con por favor mañana
""".split()  # noqa: SIM905
SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi zo ca lle rra mo que ñi".split()  # noqa: SIM905
SENTENCES = 50_021  # a prime: message n says sentence n modulo it


def sentences() -> tuple[str, ...]:
    """Words as people use them: few very often, many seldom, a number in one of four."""
    chance = Random(7)
    rare = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(20_000)]
    return tuple(_sentence(chance, rare) for _ in range(SENTENCES))


def _sentence(chance: Random, rare: list[str]) -> str:
    words = chance.choices(COMMON, k=chance.randint(3, 9))
    words += [rare[int(chance.random() ** 3 * len(rare))] for _ in range(chance.randint(0, 4))]
    if chance.random() < 0.25:
        words.append(f"pedido {chance.randint(10_000, 99_999)}")
    chance.shuffle(words)
    return " ".join(words)


def make(messages: int, chats: int) -> None:
    """In the database of the environment: schema, an admin, an agent, history."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
    import django

    django.setup()
    import history
    from django.core.management import call_command
    from fill_history import fill

    from tenants.context import tenant_context
    from tenants.models import Role, Tenant, User

    history.TEXTS = sentences()
    call_command("init_db", verbosity=0)
    with tenant_context(Tenant.single_company()):
        seller = User.objects.create_user("vendedora", password="clave-larga-1")
        seller.roles.add(
            Role.objects.get_or_create(keyword="ventas", defaults={"name": "Ventas"})[0]
        )
        fill(messages, chats)
