"""What people and a bot say to each other in a year, as rows: see fill_history.py."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

YEAR = timedelta(days=365)
WINDOW = timedelta(hours=24)
TEXTS = (
    "hola, buenas tardes",
    "¿cuánto cuesta el envío a Medellín?",
    "1",
    "gracias, quedo atento al pedido",
    "Elige una opción:\n1. Comprar\n2. Hablar con un asesor",
    "Tu pedido va en camino. Llega entre las 2 y las 5 de la tarde.",
)
OUT_ENDS = ("read",) * 70 + ("delivered",) * 17 + ("sent",) * 8 + ("failed",) * 5
KINDS = ("text",) * 93 + ("image",) * 3 + ("audio",) * 2 + ("reaction",) * 2
MIMES = {"image": "image/jpeg", "audio": "audio/ogg"}
MESSAGE_COLUMNS = (
    "conversation_id direction kind status author agent_id wamid send_key body payload"
    " context_wamid rule_id step media_id at created_at answered_at sent_at delivered_at read_at"
    " failed_at error_code error_text attempts"
)
FILE_COLUMNS = "id path mime_type size sha256 original_name created_at state trouble uploaded_for"
HEARD_COLUMNS = "file_id status text confidence engine error attempts created_at"
Row = tuple[Any, ...]


@dataclass
class Chat:
    """What its messages have left of a chat so far."""

    pk: int
    contact: int
    phone: str
    last_at: str = ""
    last_in: datetime | None = None
    wamid: str = ""
    is_asked: bool = False  # a question waits for its answer


@dataclass
class History:
    """Rows in the order of time. `files` and `heard` hold those that messages have brought along
    since somebody emptied them. `mark` makes the wamids of this run unique."""

    chats: list[Chat]
    agents: list[int]
    mark: str
    now: datetime  # naive, UTC
    dashed_uuids: bool
    next_file: int
    chance: Random
    files: list[Row] = field(default_factory=list)
    heard: list[Row] = field(default_factory=list)

    def message(self, n: int, at: datetime) -> Row:
        """A question, then its answer; chats low in the list speak most."""
        share = self.chance.random()
        chat = self.chats[int(share * share * share * len(self.chats))]
        before, chat.wamid = chat.wamid, f"wamid.{self._hex(64)}{self.mark}.{n}"
        chat.last_at = str(at)
        chat.is_asked = not chat.is_asked
        if chat.is_asked:
            return self._question(chat, before, n, at)
        return self._answer(chat, n, at)

    def _question(self, chat: Chat, before: str, n: int, at: datetime) -> Row:
        kind, text, moment = KINDS[n * 37 % 100], TEXTS[n % len(TEXTS)], str(at)
        chat.last_in = at
        raw = {"from": chat.phone, "id": chat.wamid, "type": "text", "text": {"body": text}}
        body = {"text": text, "reaction": "👍"}.get(kind, "")
        file = self._file(kind, n, moment) if kind in MIMES else None
        return (
            *(chat.pk, "in", kind, "answered", "contact", None, chat.wamid, None, body),
            *(json.dumps(raw), before if kind == "reaction" else "", None, "", file),
            *(moment, moment, moment, None, None, None, None, None, "", 0),
        )

    def _answer(self, chat: Chat, n: int, at: datetime) -> Row:
        agent = self.agents[n % len(self.agents)] if self.agents and n % 9 == 0 else None
        status, text = OUT_ENDS[n * 7 % 100], TEXTS[n % len(TEXTS)]
        times = [str(at + timedelta(seconds=seconds)) for seconds in (1, 2, 60)]
        reached = {"read": 3, "delivered": 2, "sent": 1, "failed": 0}[status]
        sent, delivered, read = (times[i] if i < reached else None for i in range(3))
        failed = status == "failed"
        return (
            *(chat.pk, "out", "text", status, "agent" if agent else "bot", agent),
            *(None if failed else chat.wamid, self._uuid(), text),
            *(json.dumps({"type": "text", "text": {"body": text}}), ""),
            *(None if agent else n % 400 + 1, "" if agent else "menu_principal", None),
            *(str(at), str(at), None, sent, delivered, read, times[0] if failed else None),
            *(131026 if failed else None, "No tiene WhatsApp." if failed else "", 1),
        )

    def _file(self, kind: str, n: int, at: str) -> int:
        pk = self.next_file
        self.next_file += 1
        path, digest = f"history/{pk}-{n}", self._hex(256)
        self.files.append(
            (pk, path, MIMES[kind], 40_000 + n % 9_000, digest, "", at, "ready", "", "")
        )
        if kind == "audio":
            self.heard.append((pk, "done", "quiero saber de mi pedido", 0.9, "vosk", "", 1, at))
        return pk

    def _uuid(self) -> str:
        text = self._hex(128)
        text = f"{text[:12]}4{text[13:16]}8{text[17:]}"  # version 4, as MariaDB insists
        if not self.dashed_uuids:
            return text
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _hex(self, bits: int) -> str:
        return f"{self.chance.getrandbits(bits):0{bits // 4}x}"
