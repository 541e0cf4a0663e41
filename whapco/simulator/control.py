"""What the phone page asks for: one function per command, JSON in and JSON out.

Commands raise PhoneError or KeyError/ValueError for a request that makes no sense.
"""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from whapco.simulator.bubbles import bubble_json, summary
from whapco.simulator.phone import AD, PhoneError
from whapco.simulator.runtime import Simulator
from whapco.simulator.state import Call, Chat, Customer
from whapco.simulator.webhooks import Webhook

Json = dict[str, Any]

SHOWN_CHATS = 60
SHOWN_CALLS = 60


def state(sim: Simulator, number_id: str, wa_id: str, after: int, *, is_watched: bool) -> Json:
    """What changed after `after`, a `seq` of an earlier answer; 0 for everything.

    `is_watched`: the page shows that chat, so its messages become read.
    """
    memory = sim.graph.memory
    if is_watched:
        sim.phone.read(number_id, wa_id)
    with memory.lock:
        chat = memory.chats.get((number_id, wa_id))
        return {
            "epoch": memory.epoch,
            "seq": memory.seq,
            "numbers": [
                {"id": n.phone_number_id, "name": n.name, "phone": n.display_phone_number}
                for n in memory.numbers.values()
            ],
            "customers": [{"wa_id": c.wa_id, "name": c.name} for c in memory.customers.values()],
            "chats": _chats(sim, number_id),
            "bubbles": _bubbles(chat, after),
            "typing": chat is not None and chat.typing_until > sim.graph.clock.now(),
            "calls": [asdict(call) for call in _newest_calls(sim, after)],
            "switches": asdict(sim.graph.switches),
            "planned": sim.graph.script.pending(),
            "undelivered": sim.delivery.pending(),
            "advanced_seconds": sim.graph.clock.offset_seconds,
        }


def _newest_calls(sim: Simulator, after: int) -> list[Call]:
    newer = [call for call in sim.graph.memory.calls if call.seq > after]
    return newer[-SHOWN_CALLS:]


def _chats(sim: Simulator, number_id: str) -> list[Json]:
    found = []
    for chat in reversed(sim.graph.memory.chats.values()):
        if chat.phone_number_id == number_id and chat.bubbles:
            last = next(reversed(chat.bubbles.values()))
            found.append({"wa_id": chat.peer, "text": summary(last)[:80], "at": last.at})
        if len(found) == SHOWN_CHATS:
            break
    return found


def _bubbles(chat: Chat | None, after: int) -> list[Json]:
    if chat is None or chat.seq <= after:
        return []
    return [bubble_json(chat, bubble) for bubble in chat.bubbles.values() if bubble.seq > after]


def send_text(sim: Simulator, data: Json) -> Json:
    extra = {"referral": AD} if data.get("from_ad") else None
    body = str(data["text"])
    return {"id": sim.phone.text(*_pair(data), body, quoting=data.get("quote", ""), extra=extra)}


def tap(sim: Simulator, data: Json) -> Json:
    return {"id": sim.phone.tap(*_pair(data), data["message"], str(data["option"]))}


def fill_flow(sim: Simulator, data: Json) -> Json:
    return {"id": sim.phone.fill_flow(*_pair(data), data["message"], dict(data["answers"]))}


def react(sim: Simulator, data: Json) -> Json:
    content = {"message_id": data["message"], "emoji": data["emoji"]}
    if not data["emoji"]:
        del content["emoji"]  # how Meta says that a reaction was taken back
    return {"id": sim.phone.say(*_pair(data), "reaction", content)}


def send_other(sim: Simulator, data: Json) -> Json:
    """A message without text: `content` is the object of `kind` (location, contacts, order ...)."""
    return {"id": sim.phone.say(*_pair(data), str(data["kind"]), data["content"])}


def play(sim: Simulator, data: Json) -> Json:
    sim.phone.play(*_pair(data), data["message"])
    return {}


def add_customer(sim: Simulator, data: Json) -> Json:
    wa_id = re.sub(r"\D", "", str(data["wa_id"]))
    if not 5 <= len(wa_id) <= 15:
        raise PhoneError("A phone number has 5 to 15 digits.")
    with sim.graph.memory.lock:
        name = str(data.get("name", "")).strip() or f"Cliente {wa_id[-4:]}"
        sim.graph.memory.customers[wa_id] = Customer(wa_id, name)
        sim.graph.memory.tick()
    return {"wa_id": wa_id}


def change_customer(sim: Simulator, data: Json) -> Json:
    customer = sim.graph.memory.customers[str(data["wa_id"])]
    customer.on_whatsapp = bool(data.get("on_whatsapp", customer.on_whatsapp))
    customer.opted_out = bool(data.get("opted_out", customer.opted_out))
    return {}


def add_number(sim: Simulator, data: Json) -> Json:
    """`app_secret` signs this number's webhooks; empty, the installation's does."""
    number_id = str(data["id"]).strip()
    if not number_id.isdigit():
        raise PhoneError("A phone number id has digits only.")
    name, secret = str(data.get("name", "")).strip(), str(data.get("app_secret", "")).strip()
    sim.graph.add_number(number_id, str(data.get("token", "")), name=name, app_secret=secret)
    return {"id": number_id}


def fail_next(sim: Simulator, data: Json) -> Json:
    """`what`: an error code of Meta's, "timeout", "drop", "lost" or "500"."""
    sim.graph.script.plan(data["what"], int(data.get("times", 1)), str(data.get("to", "")))
    return {}


def clear_failures(sim: Simulator, data: Json) -> Json:
    sim.graph.script.clear()
    return {}


def expire_token(sim: Simulator, data: Json) -> Json:
    sim.graph.tokens.expire(str(data["token"]))
    return {}


def switch(sim: Simulator, data: Json) -> Json:
    """Set fields of Switches, each of its own type."""
    switches = sim.graph.switches
    known = asdict(switches)
    for name, value in data.items():
        if name not in known:
            raise PhoneError(f"No such switch: {name}")
        setattr(switches, name, type(known[name])(value))
    return {}


def advance_clock(sim: Simulator, data: Json) -> Json:
    sim.graph.clock.advance(float(data["seconds"]))
    return {"advanced_seconds": sim.graph.clock.offset_seconds}


def inject(sim: Simulator, data: Json) -> Json:
    """Post any webhook body, signed like the others."""
    number_id = str(data["number"])
    sim.graph.emit(Webhook(data["body"], number_id, f"{number_id}/injected"))
    return {}


def reset(sim: Simulator, data: Json) -> Json:
    sim.reset()
    return {}


def _pair(data: Json) -> tuple[str, str]:
    return str(data["number"]), str(data["customer"])


COMMANDS: dict[str, Callable[[Simulator, Json], Json]] = {
    "texto": send_text,
    "toque": tap,
    "formulario": fill_flow,
    "reaccion": react,
    "mensaje": send_other,
    "reproducir": play,
    "cliente": add_customer,
    "cliente/cambiar": change_customer,
    "numero": add_number,
    "fallo": fail_next,
    "fallo/quitar": clear_failures,
    "token/vencer": expire_token,
    "interruptor": switch,
    "reloj": advance_clock,
    "webhook": inject,
    "reiniciar": reset,
}
