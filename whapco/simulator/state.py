"""What the simulated Meta remembers, bounded: numbers, customers, chats, the record of calls."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from whapco.simulator import ids

Json = dict[str, Any]

MAX_CHATS = 2_000
MAX_BUBBLES = 300  # per chat
MAX_CALLS = 200
WINDOW_SECONDS = 24 * 3600


@dataclass
class Number:
    """A business number. `error` is the code that every send gets (133010, 131031 ...);
    `allowed` the only recipients of a test number, None for a live one. `quality`, `status`,
    `level` and `on_phone_app` (coexistence) are what Meta says of it."""

    phone_number_id: str
    name: str = ""
    display_phone_number: str = ""
    waba_id: str = ""
    app_secret: str = ""
    error: int | None = None
    allowed: frozenset[str] | None = None
    quality: str = "GREEN"
    status: str = "CONNECTED"
    level: str = "STANDARD"
    on_phone_app: bool = False

    def __post_init__(self) -> None:
        self.name = self.name or f"Número {self.phone_number_id}"
        if not self.display_phone_number:
            self.display_phone_number = "57601" + ids.stable_digits(self.phone_number_id, 7)
        self.waba_id = self.waba_id or "1" + ids.stable_digits("waba" + self.phone_number_id, 14)


@dataclass
class Customer:
    """A person with a phone. `on_whatsapp` False makes every message to them fail with 131026."""

    wa_id: str
    name: str
    on_whatsapp: bool = True
    opted_out: bool = False


@dataclass
class Bubble:
    """One message. `side` is its author, customer or business; `content` the object of its type as
    it went over the wire; `at` in real seconds since 1970."""

    wamid: str
    side: str
    kind: str
    content: Any
    at: float
    context: str = ""
    status: str = ""
    error: str = ""
    callback: str | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    chosen: str = ""
    template: Json | None = None
    seq: int = 0


@dataclass
class Chat:
    """One customer with one business number. Its times are in Meta's time, see Clock."""

    phone_number_id: str
    peer: str
    bubbles: "OrderedDict[str, Bubble]" = field(default_factory=OrderedDict)
    last_inbound_at: float | None = None
    typing_until: float = 0.0
    seq: int = 0


@dataclass
class Call:
    """One request: of the product to Meta ("graph") or of Meta to the product ("webhook")."""

    seq: int
    at: float
    direction: str
    method: str
    path: str
    status: int
    request: Any
    answer: Any


class Memory:
    """Every method expects the caller to hold `lock` when it combines several of them.

    `unsubscribed` are the accounts whose webhooks nobody asked for, `overrides` the other address
    that accounts send them to.

    `seq` grows with every change, so that a page asks for what is newer than what it has.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.epoch = ids.trace_id()
            self.seq = 0
            self.numbers: dict[str, Number] = {}
            self.unsubscribed: set[str] = set()
            self.overrides: dict[str, str] = {}
            self.customers: dict[str, Customer] = {}
            self.chats: OrderedDict[tuple[str, str], Chat] = OrderedDict()
            self.calls: deque[Call] = deque(maxlen=MAX_CALLS)
            self._home: dict[str, tuple[str, str]] = {}

    def tick(self) -> int:
        self.seq += 1
        return self.seq

    def chat(self, phone_number_id: str, peer: str) -> Chat:
        """The chat, opened when new; the least used one is forgotten beyond MAX_CHATS."""
        key = (phone_number_id, peer)
        chat = self.chats.get(key)
        if chat is None:
            chat = self.chats[key] = Chat(phone_number_id, peer, seq=self.tick())
        self.chats.move_to_end(key)
        while len(self.chats) > MAX_CHATS:
            _, forgotten = self.chats.popitem(last=False)
            for wamid in forgotten.bubbles:
                self._home.pop(wamid, None)
        return chat

    def add(self, chat: Chat, bubble: Bubble) -> Bubble:
        chat.bubbles[bubble.wamid] = bubble
        self._home[bubble.wamid] = (chat.phone_number_id, chat.peer)
        while len(chat.bubbles) > MAX_BUBBLES:
            wamid, _ = chat.bubbles.popitem(last=False)
            self._home.pop(wamid, None)
        self.touch(chat, bubble)
        return bubble

    def touch(self, chat: Chat, bubble: Bubble) -> None:
        bubble.seq = chat.seq = self.tick()

    def find(self, phone_number_id: str, wamid: str) -> tuple[Chat, Bubble] | None:
        """A message of this number; another number's is as unknown as none."""
        home = self._home.get(wamid)
        chat = self.chats.get(home) if home else None
        if chat is None or chat.phone_number_id != phone_number_id:
            return None
        return chat, chat.bubbles[wamid]

    def record(
        self,
        at: float,
        direction: str,
        method: str,
        path: str,
        status: int,
        request: Any,
        answer: Any,
    ) -> None:
        with self.lock:
            seq = self.tick()
            self.calls.append(Call(seq, at, direction, method, path, status, request, answer))
