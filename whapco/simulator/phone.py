"""The customer's side: writing, tapping, sending files, reading what the business sent."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from whapco.simulator import ids, webhooks
from whapco.simulator.media import RECEIVED_SECONDS, StoredFile
from whapco.simulator.state import Bubble, Chat, Customer, Number
from whapco.simulator.webhooks import Webhook

if TYPE_CHECKING:
    from whapco.simulator.graph import Graph

Json = dict[str, Any]

_MEDIA_KINDS = {"image": "image", "video": "video", "audio": "audio"}
AD = {
    "source_url": "https://example.com/anuncio",
    "source_id": "120210000000000000",
    "source_type": "ad",
    "headline": "Avisos luminosos con 20 % de descuento",
    "body": "Escríbenos y recibe tu cotización hoy.",
    "media_type": "image",
    "image_url": "https://example.com/anuncio.jpg",
    "ctwa_clid": "ARsimulador",
}


class PhoneError(Exception):
    """The phone cannot do that: no such number, message, button or row."""


class Phone:
    """One phone that can be any customer and write to any business number of `graph`."""

    def __init__(self, graph: "Graph") -> None:
        self.graph = graph

    def text(
        self,
        number_id: str,
        wa_id: str,
        body: str,
        *,
        quoting: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Write. `extra` adds keys to the message, such as an ad's referral. Returns the wamid."""
        return self.say(number_id, wa_id, "text", {"body": body}, quoting=quoting, extra=extra)

    def say(
        self,
        number_id: str,
        wa_id: str,
        kind: str,
        content: Any,
        *,
        quoting: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Send a message of any kind, its object as Meta would post it. Returns the wamid."""
        with self.graph.memory.lock:
            number, customer, chat = self._open(number_id, wa_id)
            bubble = Bubble(
                wamid=ids.inbound_wamid(wa_id),
                side="customer",
                kind=kind,
                content=content,
                at=self.graph.clock.wall(),
                context=quoting,
                status="sent",
            )
            chat.last_inbound_at = self.graph.clock.now()
            if kind == "reaction":
                self._react(chat, content)
            else:
                self.graph.memory.add(chat, bubble)
            body = webhooks.message(number, customer, bubble, **(extra or {}))
            self.graph.post(Webhook(body, number_id, f"{number_id}/{wa_id}"))
        return bubble.wamid

    def tap(self, number_id: str, wa_id: str, wamid: str, option: str) -> str:
        """Tap the reply button, list row or template button with that id. Raises PhoneError."""
        with self.graph.memory.lock:
            found = self.graph.memory.find(number_id, wamid)
            if found is None:
                raise PhoneError("No such message.")
            chat, bubble = found
            kind, content = _answer_to(bubble, option)
            bubble.chosen = option
            self.graph.memory.touch(chat, bubble)
            return self.say(number_id, wa_id, kind, content, quoting=wamid)

    def fill_flow(self, number_id: str, wa_id: str, wamid: str, answers: Mapping[str, Any]) -> str:
        """Complete the form of a flow message. Raises PhoneError when it is none."""
        found = self.graph.memory.find(number_id, wamid)
        if found is None or found[1].kind != "interactive" or found[1].content["type"] != "flow":
            raise PhoneError("That message has no form.")
        parameters = found[1].content["action"]["parameters"]
        response = {"flow_token": parameters.get("flow_token", "unused"), **answers}
        reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(response)}
        content = {"type": "nfm_reply", "nfm_reply": reply}
        return self.say(number_id, wa_id, "interactive", content, quoting=wamid)

    def file(
        self,
        number_id: str,
        wa_id: str,
        content: bytes,
        mime_type: str,
        *,
        filename: str = "",
        caption: str = "",
        voice: bool = False,
    ) -> str:
        """Send a file: image, video, audio (a voice note if `voice`), else a document."""
        with self.graph.memory.lock:
            self._open(number_id, wa_id)
            stored: StoredFile = self.graph.media.keep(
                number_id, mime_type, content, filename=filename, seconds=RECEIVED_SECONDS
            )
        kind = _MEDIA_KINDS.get(mime_type.split("/")[0], "document")
        if mime_type == "image/webp":
            kind = "sticker"
        url = self.graph.file_url(stored.media_id)
        data = webhooks.media_content(stored, url, caption=caption, voice=voice)
        return self.say(number_id, wa_id, kind, data)

    def read(self, number_id: str, wa_id: str) -> None:
        """The customer looks at the chat: what was delivered becomes read, and Meta says so."""
        with self.graph.memory.lock:
            chat = self.graph.memory.chats.get((number_id, wa_id))
            number = self.graph.memory.numbers.get(number_id)
            if chat is None or number is None or not self.graph.switches.statuses:
                return
            for bubble in chat.bubbles.values():
                if bubble.side == "business" and bubble.status == "delivered":
                    bubble.status = "read"
                    self.graph.memory.touch(chat, bubble)
                    self.graph.sender.tell(number, wa_id, bubble, "read")

    def play(self, number_id: str, wa_id: str, wamid: str) -> None:
        """The customer plays a voice note of the business for the first time."""
        with self.graph.memory.lock:
            found = self.graph.memory.find(number_id, wamid)
            if found is None or found[1].kind != "audio" or found[1].status != "read":
                return
            chat, bubble = found
            bubble.status = "played"
            self.graph.memory.touch(chat, bubble)
            self.graph.sender.tell(self.graph.memory.numbers[number_id], wa_id, bubble, "played")

    def _open(self, number_id: str, wa_id: str) -> tuple[Number, Customer, Chat]:
        memory = self.graph.memory
        number = memory.numbers.get(number_id)
        if number is None:
            raise PhoneError("No such business number.")
        customer = memory.customers.setdefault(wa_id, Customer(wa_id, f"Cliente {wa_id[-4:]}"))
        return number, customer, memory.chat(number_id, wa_id)

    def _react(self, chat: Chat, content: Mapping[str, str]) -> None:
        target = chat.bubbles.get(content["message_id"])
        if target is not None:
            target.reactions["customer"] = content.get("emoji", "")
            self.graph.memory.touch(chat, target)


def _answer_to(bubble: Bubble, option: str) -> tuple[str, Json]:
    """(kind, object) of what Meta posts when that option of `bubble` is tapped."""
    if bubble.template is not None:
        return "button", _template_button(bubble, option)
    action = bubble.content.get("action", {}) if bubble.kind == "interactive" else {}
    for button in action.get("buttons", []):
        if button["reply"]["id"] == option:
            return "interactive", {"type": "button_reply", "button_reply": dict(button["reply"])}
    for section in action.get("sections", []):
        for row in section.get("rows", []):
            if row["id"] == option:
                return "interactive", {"type": "list_reply", "list_reply": dict(row)}
    raise PhoneError("No such button or row.")


def _template_button(bubble: Bubble, option: str) -> Json:
    template = bubble.template or {}
    components: list[Json] = template.get("components", [])
    buttons: list[Json] = next((c["buttons"] for c in components if c["type"] == "BUTTONS"), [])
    if not option.isdigit() or int(option) >= len(buttons):
        raise PhoneError("No such button.")
    text = buttons[int(option)]["text"]
    for component in template["sent"].get("components", []):
        if component["type"].lower() == "button" and str(component["index"]) == option:
            return {"payload": component["parameters"][0].get("payload", text), "text": text}
    return {"payload": text, "text": text}
