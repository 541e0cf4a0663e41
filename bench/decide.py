"""Time to decide the answer to one message with ten thousand rules, and to load them.

    .venv/bin/python -m bench.decide [rules]

Pure: no database. Half the rules stand in one step, the others in five hundred.
"""

import os
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
STEPS, ROUNDS = 500, 2_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main(count: int) -> None:
    import django

    django.setup()
    from chatbot.rulebook import Rulebook

    rules = [rule(number, count) for number in range(1, count + 1)]
    started = time.perf_counter()
    book = Rulebook.build(rules)
    print(f"{'load':36} {(time.perf_counter() - started) * 1000:9.0f} ms for {count} rules")
    for name, state, event in messages(count):
        tell(name, book, state, event)


def rule(number: int, count: int) -> Any:
    """Of each ten one looks for its words inside the message and one offers buttons."""
    from chatbot.rule_data import RuleData

    options = [{"id": f"o{number}", "title": f"Opción {number}", "step": f"paso_{number % 7}"}]
    return RuleData(
        number,
        "menu_principal" if number <= count // 2 else f"paso_{number % STEPS}",
        "*" if number in (1, count) else f"palabra {number}, ñandú {number}",
        reply=f"Respuesta {number}",
        kind="boton" if number % 10 == 0 else "texto",
        options=options if number % 10 == 0 else None,
        match="contiene" if number % 10 == 5 else "exacta",
    )


def messages(count: int) -> list[tuple[str, Any, Any]]:
    from chatbot.engine import Event, SessionState

    home = SessionState("menu_principal", contact_spoke_at=NOW)
    long = "quisiera saber cuánto cuesta el envío de una caja a mi casa " * 60
    return [
        ("first message", None, Event("text", "hola", NOW)),
        ("exact words", home, Event("text", f"Ñandú {count // 2}!", NOW)),
        ("words inside the message", home, Event("text", "quiero la palabra 25 por favor", NOW)),
        ("nothing but *", home, Event("text", "otra cosa que nadie escribió", NOW)),
        ("4,000 characters, nothing but *", home, Event("text", long[:4000], NOW)),
        ("tap", home, Event("tap", "Opción 20", NOW, option_id="o20", source_rule_id=20)),
        ("tap that no rule knows", home, Event("tap", "Nada", NOW, option_id="nada")),
        ("photo", home, Event("media", "", NOW, media_trigger="@imagen")),
    ]


def tell(name: str, book: Any, state: Any, event: Any) -> None:
    from chatbot.engine import EngineSettings, decide

    settings = EngineSettings(initial_step="menu_principal")
    spent = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        decide(book, state, event, settings)
        spent.append((time.perf_counter() - started) * 1000)
    p99 = sorted(spent)[int(len(spent) * 0.99)]
    print(f"{name:36} median {statistics.median(spent):7.3f} ms   p99 {p99:7.3f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
