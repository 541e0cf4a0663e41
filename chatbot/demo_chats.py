"""Past chats of the demo company, so that the first login shows a shop at work.

`fixtures/chats.json` holds what contacts and agents said; what the bot answered is asked of the
engine, so the history is always what the rules would have said.
"""

import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from chatbot import engine, rulebooks
from chatbot.engine_types import Event, GiveToRole, HandOver, Send, SessionState
from chatbot.models import BotSession
from chatbot.services import engine_settings
from conversations.models import Contact, Conversation, Message
from conversations.whatsapp import outbound
from conversations.whatsapp.errors import explain
from conversations.windows import WINDOW
from media_pipeline import services as files
from media_pipeline.models import MediaFile
from tenants.context import atomic
from tenants.models import Role, User

Json = dict[str, Any]
CONTACT_PAUSE, BOT_PAUSE, AGENT_PAUSE = (timedelta(seconds=s) for s in (95, 2, 240))
_S = Message.Status


def load_chats(folder: Path, phone_number_id: str, agent: User) -> None:
    """Nothing when the company has any chat already."""
    if Conversation.objects.exists():
        return
    scripts: list[Json] = json.loads((folder / "chats.json").read_text(encoding="utf-8"))
    with atomic():
        for script in scripts:
            _Chat(script, phone_number_id, agent, folder).play()


class _Chat:
    """One chat being written, from its first message to its last."""

    def __init__(self, script: Json, phone_number_id: str, agent: User, folder: Path) -> None:
        self.script = script
        self.agent = agent
        self.folder = folder
        self.now: datetime = timezone.now() - timedelta(hours=script["hours_ago"])
        contact = Contact.objects.create(wa_id=script["wa_id"], profile_name=script["name"])
        self.chat = Conversation.objects.create(contact=contact, phone_number_id=phone_number_id)
        self.session: SessionState | None = None
        self.sent: list[Message] = []

    def play(self) -> None:
        for turn in self.script["turns"]:
            self._play_turn(turn)
        self._close()

    def _play_turn(self, turn: Json) -> None:
        match turn:
            case {"says": text}:
                self._receive("text", {"body": text}, text)
                self._answer(Event("text", text, self.now))
            case {"taps": option}:
                self._tap(option)
            case {"image": name, "caption": caption}:
                picture = self._store(name)
                words = {"id": "0", "mime_type": picture.mime_type, "caption": caption}
                self._receive("image", words, caption, media=picture)
                self._answer(Event("media", caption, self.now, media_trigger="@imagen"))
            case {"location": place}:
                self._receive("location", place, place["name"])
                self._answer(Event("media", "", self.now, media_trigger="@ubicacion"))
            case {"reaction": emoji}:
                target = self.sent[-1].wamid or ""
                words = {"message_id": target, "emoji": emoji}
                self._receive("reaction", words, emoji, context_wamid=target)
            case {"agent": text}:
                self._reply(text, turn.get("fails"))

    def _tap(self, option: str) -> None:
        carrier, kind, title = self._find_option(option)
        reply = {"id": option, "title": title}
        words = {"type": kind, kind: reply}
        context = {"option_id": option, "context_wamid": carrier.wamid or ""}
        self._receive("interactive", words, title, **context)
        event = Event("tap", title, self.now, option_id=option, source_rule_id=carrier.rule_id)
        self._answer(event)

    def _find_option(self, option: str) -> tuple[Message, str, str]:
        """The last message that offers the option, the type of the tap and the option's title."""
        for message in reversed(self.sent):
            action = message.payload.get("interactive", {}).get("action", {})
            for button in action.get("buttons", []):
                if button["reply"]["id"] == option:
                    return message, "button_reply", button["reply"]["title"]
            for section in action.get("sections", []):
                for row in section["rows"]:
                    if row["id"] == option:
                        return message, "list_reply", row["title"]
        raise LookupError(option)

    def _receive(self, kind: str, words: Json, body: str, **fields: Any) -> None:
        self.now += CONTACT_PAUSE
        wamid = f"wamid.{uuid.uuid4().hex}"
        payload = {
            "from": self.script["wa_id"],
            "id": wamid,
            "timestamp": str(int(self.now.timestamp())),
            "type": kind,
            kind: words,
        }
        self._add(Message.Direction.IN, kind, body, payload, wamid, answered_at=self.now, **fields)
        self.chat.window_closes_at = self.now + WINDOW

    def _answer(self, event: Event) -> None:
        if self.chat.agent_in_charge:
            return
        decision = engine.decide(rulebooks.current(), self.session, event, engine_settings())
        self.session = decision.session
        for action in decision.actions:
            match action:
                case Send():
                    self.now += BOT_PAUSE
                    self._send(
                        action.words,
                        action.body,
                        Message.Author.BOT,
                        rule_id=action.rule_id,
                        step=action.step,
                    )
                case GiveToRole():
                    self.chat.roles.set(Role.objects.filter(keyword=action.keyword))
                case HandOver():
                    self.chat.handler = Conversation.Handler.AGENT
                    self.chat.agent_spoke_at = self.now

    def _reply(self, text: str, fails: int | None) -> None:
        self.now += AGENT_PAUSE
        self.chat.handler = Conversation.Handler.AGENT
        self.chat.assigned_to = self.agent
        self.chat.agent_spoke_at = self.now
        message = self._send(outbound.text(text), text, Message.Author.AGENT, agent=self.agent)
        if fails:
            message.status, message.failed_at = _S.FAILED, self.now
            message.error_code, message.error_text = fails, explain(fails)
            message.delivered_at = message.read_at = None
            message.save()
            self.chat.attention = "envio_fallido"

    def _send(self, words: outbound.Words, body: str, author: str, **fields: Any) -> Message:
        ticks = self.script.get("ticks", _S.READ)
        message = self._add(
            Message.Direction.OUT,
            str(words["type"]),
            body,
            words,
            f"wamid.{uuid.uuid4().hex}",
            author=author,
            status=ticks,
            send_key=Message.new_send_key(),
            sent_at=self.now,
            delivered_at=self.now,
            read_at=self.now if ticks == _S.READ else None,
            **fields,
        )
        self.sent.append(message)
        return message

    def _add(
        self, direction: str, kind: str, body: str, payload: Json, wamid: str, **fields: Any
    ) -> Message:
        values = {"status": _S.ANSWERED, "author": Message.Author.CONTACT, **fields}
        if kind != "reaction":
            self.chat.last_message_at = self.now
        return Message.objects.create(
            conversation=self.chat,
            direction=direction,
            kind=kind,
            body=body,
            payload=payload,
            wamid=wamid,
            at=self.now,
            created_at=self.now,
            **values,
        )

    def _store(self, name: str) -> MediaFile:
        content = (self.folder / name).read_bytes()
        return files.store(content, name=name)

    def _close(self) -> None:
        """Old sessions are closed: else the first job would say goodbye in all of them."""
        if self.script.get("finished"):
            self.chat.handler = Conversation.Handler.BOT
            self.chat.assigned_to = None
        self.chat.unread_count = self.script.get("unread", 0)
        self.chat.save()
        if self.session is not None:
            BotSession.objects.create(
                conversation=self.chat,
                step=self.session.step,
                is_open=self.chat.agent_in_charge,
                contact_spoke_at=self.now,
            )
