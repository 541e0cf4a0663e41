"""What becomes of a message after the front desk: number state, recipient, rate, acceptance, and
then its statuses (sent, delivered, read or failed)."""

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from whapco.simulator import ids, webhooks
from whapco.simulator.errors import MetaError, unknown_media
from whapco.simulator.http import Response, json_response
from whapco.simulator.script import BROKEN, DROP, HOLD, LOST, Outcome
from whapco.simulator.state import WINDOW_SECONDS, Bubble, Chat, Customer, Number
from whapco.simulator.webhooks import Webhook

if TYPE_CHECKING:
    from whapco.simulator.graph import Graph

Json = dict[str, Any]

_MEDIA = ("image", "audio", "video", "document", "sticker")
TYPING_SECONDS = 25
KEPT_SENDS = 100_000
EARLY_SECONDS = 0.8  # how long the answer waits when statuses are to arrive before it
_SENT_AFTER, _DELIVERED_AFTER, _FAILED_AFTER = 0.15, 0.5, 0.4


class Sender:
    """Accepts messages into the Graph's memory. `accepted` holds (number, token, body) in order."""

    def __init__(self, graph: "Graph") -> None:
        self.graph = graph
        self.accepted: deque[tuple[str, str, Json]] = deque(maxlen=KEPT_SENDS)
        self.receipts: deque[tuple[str, Json]] = deque(maxlen=KEPT_SENDS)

    def send(self, number: Number, body: Json, token: str) -> Response:
        """Stages 5 (ids and templates) to 9 of Meta's order. Raises MetaError."""
        peer = self._peer(number, body)
        with self.graph.memory.lock:
            self._check_media(number, body)
            template = self._check_template(body)
            _check_number(number)
            _check_recipient(number, peer)
            outcome = self.graph.script.next(peer)
            self.graph.limits.take(number.phone_number_id, peer, self.graph.clock.now())
            if outcome.error is not None:
                raise MetaError(outcome.error)
            if outcome.trick == BROKEN:
                return Response(500, {"Content-Type": "text/html"}, b"<html>Oops</html>")
            if outcome.trick == LOST:
                return Response(drop=True)
            bubble = self._accept(number, peer, body, token, template)
            self._plan_statuses(number, peer, bubble, body, outcome)
        return self._answer(number, peer, body, bubble, outcome)

    def mark_read(self, number: Number, body: Json) -> Json:
        """Blue ticks up to that message, and "escribiendo…" when asked. Raises MetaError 131009."""
        with self.graph.memory.lock:
            found = self.graph.memory.find(number.phone_number_id, body["message_id"])
            is_customers = found is not None and found[1].side == "customer"
            if not is_customers and not (found is None and self.graph.forgiving):
                raise MetaError(131009, details="Message id not found or not from a customer.")
            self.receipts.append((number.phone_number_id, body))
            if found is not None:
                self._show_read(*found, typing="typing_indicator" in body)
        return {"success": True}

    def _show_read(self, chat: Chat, target: Bubble, *, typing: bool) -> None:
        for bubble in chat.bubbles.values():
            if bubble.side == "customer":
                bubble.status = "read"
                self.graph.memory.touch(chat, bubble)
            if bubble is target:
                break
        if typing:
            chat.typing_until = self.graph.clock.now() + TYPING_SECONDS

    def _peer(self, number: Number, body: Json) -> str:
        """wa_id, group id or, without a phone number, the user id. `to` wins over `recipient`."""
        to = str(body.get("to", ""))
        if body.get("recipient_type") == "group":
            return to
        if to:
            return re.sub(r"\D", "", to)
        known = (c.wa_id for c in self.graph.memory.customers.values())
        recipient = str(body["recipient"])
        owner = (w for w in known if ids.user_id(number.phone_number_id, w) == recipient)
        return next(owner, recipient)

    def _check_media(self, number: Number, body: Json) -> None:
        for where, media_id in _media_ids(body):
            stored = self.graph.media.find(media_id)
            if stored is None or stored.phone_number_id != number.phone_number_id:
                raise unknown_media(where)

    def _check_template(self, body: Json) -> Json | None:
        if body["type"] != "template":
            return None
        template = self.graph.templates.check(body["template"])
        return template.as_json() | {"sent": body["template"]}

    def _accept(
        self, number: Number, peer: str, body: Json, token: str, template: Json | None
    ) -> Bubble:
        self.accepted.append((number.phone_number_id, token, body))
        memory = self.graph.memory
        chat = memory.chat(number.phone_number_id, peer)
        kind = body["type"]
        bubble = Bubble(
            wamid=ids.outbound_wamid(peer),
            side="business",
            kind=kind,
            content=body[kind],
            at=self.graph.clock.wall(),
            context=body.get("context", {}).get("message_id", ""),
            callback=body.get("biz_opaque_callback_data"),
            template=template,
        )
        if kind == "reaction":
            self._react(chat, bubble)
        else:
            chat.typing_until = 0.0
            memory.add(chat, bubble)
        return bubble

    def _react(self, chat: Chat, bubble: Bubble) -> None:
        target = chat.bubbles.get(bubble.content["message_id"])
        if target is not None:
            target.reactions["business"] = bubble.content["emoji"]
            self.graph.memory.touch(chat, target)

    def _plan_statuses(
        self, number: Number, peer: str, bubble: Bubble, body: Json, outcome: Outcome
    ) -> None:
        if not self.graph.switches.statuses:
            return
        early = self.graph.switches.early_statuses
        error = outcome.later or self._later_error(number, peer, bubble)
        if error is not None:
            bubble.status, bubble.error = "failed", str(error)
            self.tell(number, peer, bubble, "failed", 0 if early else _FAILED_AFTER, error)
            return
        self.tell(number, peer, bubble, "sent", 0 if early else _SENT_AFTER)
        bubble.status = "sent"
        if body["type"] != "reaction":
            self.tell(number, peer, bubble, "delivered", 0 if early else _DELIVERED_AFTER)
            bubble.status = "delivered"

    def _later_error(self, number: Number, peer: str, bubble: Bubble) -> int | None:
        customer = self.graph.memory.customers.get(peer)
        if customer is not None and not customer.on_whatsapp:
            return 131026
        if bubble.template is not None:
            is_refused = customer is not None and customer.opted_out
            return 131050 if is_refused and bubble.template["category"] == "MARKETING" else None
        if not self.window_is_open(number.phone_number_id, peer):
            return 131047
        return 131009 if self._misses_its_target(number, bubble) else None

    def _misses_its_target(self, number: Number, bubble: Bubble) -> bool:
        if bubble.kind != "reaction" or self.graph.forgiving:
            return False
        target = bubble.content["message_id"]
        return self.graph.memory.find(number.phone_number_id, target) is None

    def window_is_open(self, phone_number_id: str, peer: str) -> bool:
        """24 hours from the customer's last message. A chat that never heard the customer is
        closed, unless this Graph is forgiving."""
        chat = self.graph.memory.chat(phone_number_id, peer)
        if chat.last_inbound_at is None:
            return self.graph.forgiving
        return self.graph.clock.now() - chat.last_inbound_at < WINDOW_SECONDS

    def tell(
        self,
        number: Number,
        peer: str,
        bubble: Bubble,
        name: str,
        delay_seconds: float = 0.0,
        error: int | None = None,
    ) -> None:
        """Hand over a status webhook."""
        body = webhooks.status(
            number,
            self.graph.memory.customers.get(peer) or Customer(peer, ""),
            bubble,
            name,
            at=self.graph.clock.wall() + delay_seconds,
            error=error,
            with_conversation=int(self.graph.version.lstrip("v").split(".")[0]) <= 23,
        )
        lane = f"{number.phone_number_id}/{peer}/statuses"
        self.graph.post(Webhook(body, number.phone_number_id, lane, delay_seconds))

    def _answer(
        self, number: Number, peer: str, body: Json, bubble: Bubble, outcome: Outcome
    ) -> Response:
        contact: Json = {"input": body.get("to") or body.get("recipient")}
        if peer.isdigit():
            contact |= {"wa_id": peer, "user_id": ids.user_id(number.phone_number_id, peer)}
        elif "." in peer:
            contact |= {"user_id": peer}
        sent: Json = {"id": bubble.wamid}
        if bubble.template is not None:
            sent["message_status"] = "accepted"
        answer = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}
        response = json_response(answer, version=self.graph.version)
        response.drop = outcome.trick == DROP
        response.delay_seconds = self._delay(outcome)
        return response

    def _delay(self, outcome: Outcome) -> float:
        if outcome.trick == HOLD:
            return self.graph.switches.hold_seconds
        return EARLY_SECONDS if self.graph.switches.early_statuses else 0.0


def _check_number(number: Number) -> None:
    if number.error is not None:
        raise MetaError(number.error)


def _check_recipient(number: Number, peer: str) -> None:
    if peer == number.display_phone_number:
        raise MetaError(131021)
    if number.allowed is not None and peer not in number.allowed:
        raise MetaError(131030)


def _media_ids(body: Json) -> list[tuple[str, str]]:
    """(parameter, media id) of every file named by id: the message's own and a header's."""
    found = []
    kind = body["type"]
    if kind in _MEDIA and "id" in body[kind]:
        found.append((kind, body[kind]["id"]))
    header = body[kind].get("header", {}) if kind == "interactive" else {}
    media = header.get(header.get("type", ""), {})
    if isinstance(media, dict) and "id" in media:
        found.append((f"interactive['header']['{header['type']}']", media["id"]))
    return found
