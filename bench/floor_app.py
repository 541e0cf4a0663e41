"""The floor: what a trip costs with whapco's promises and nothing else.

Raw ASGI, no framework, mysqlclient. It checks the signature, stores the message durably before the
200, calls Graph over one pool of keep-alive connections, stores the wamid and the contact's new
step, and answers the messages of one contact one at a time; a restart answers what was left.
What arrives while the database commits shares the next commit. Receipts are stored, only forward.
It has no companies, rules, retries, media, inbox or users.
"""

import asyncio
import hashlib
import hmac
import json
import os
import queue
import threading
from collections import defaultdict, deque
from typing import Any

import http1
import MySQLdb

NUMBER, SECRET = os.environ["BENCH_NUMBER"], os.environ["BENCH_SECRET"].encode()
GRAPH_PORT = int(os.environ["BENCH_GRAPH_PORT"])
GRAPH_LINES = 128  # as many as whapco's threads that wait for Meta
MOST_IN_A_COMMIT = 256
MENU = {"1": "Uno"}
RANKS = {"sent": 1, "delivered": 2, "read": 3}
TABLES = (
    """CREATE TABLE IF NOT EXISTS message (
        id BIGINT AUTO_INCREMENT PRIMARY KEY, wamid VARCHAR(255) NOT NULL UNIQUE,
        contact VARCHAR(64), body TEXT, outgoing BOOL NOT NULL DEFAULT 0,
        answered BOOL NOT NULL DEFAULT 0, status TINYINT NOT NULL DEFAULT 0,
        KEY (answered, outgoing)) ENGINE=InnoDB""",
    "CREATE TABLE IF NOT EXISTS contact (id VARCHAR(64) PRIMARY KEY, step VARCHAR(64))",
)
INSERT = "INSERT IGNORE INTO message (wamid, contact, body) VALUES (%s, %s, %s)"
REPLY = (
    "INSERT INTO message (wamid, contact, body, outgoing) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE contact = VALUES(contact), body = VALUES(body), outgoing = 1"
)
ANSWERED = "UPDATE message SET answered = 1 WHERE wamid IN %s"
STEP = "INSERT INTO contact VALUES (%s, %s) ON DUPLICATE KEY UPDATE step = VALUES(step)"
RECEIPT = (  # one that comes before its message waits in the message's own row
    "INSERT INTO message (wamid, status, outgoing) VALUES (%s, %s, %s)"
    " ON DUPLICATE KEY UPDATE status = GREATEST(status, VALUES(status))"
)
LEFT_OVER = """SELECT wamid, contact, body FROM message
    WHERE answered = 0 AND outgoing = 0 ORDER BY id"""
Row = tuple[Any, ...]


class Store:
    """One thread with one connection. An operation takes the rows of all that wait."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[tuple[Any, Row, asyncio.Future[Any]]] = queue.SimpleQueue()
        self._connection = MySQLdb.connect(
            host=os.environ["DB_HOST"],
            port=int(os.environ.get("DB_PORT") or 3306),
            user=os.environ["DB_USER"],
            password=os.environ.get("DB_PASSWORD", ""),
            database=os.environ["DB_NAME"],
            charset="utf8mb4",
        )
        self._cursor = self._connection.cursor()
        for table in TABLES:
            self._cursor.execute(table)
        threading.Thread(target=self._work, daemon=True).start()

    def save(self, operation: Any, row: Row) -> "asyncio.Future[Any]":
        """Done when it is durable."""
        future = self._loop.create_future()
        self._waiting.put((operation, row, future))
        return future

    def read(self, query: str) -> list[Row]:
        """Before anything is saved."""
        self._cursor.execute(query)
        return list(self._cursor.fetchall())

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < MOST_IN_A_COMMIT and not self._waiting.empty():
                batch.append(self._waiting.get())
            rows = defaultdict(list)
            for operation, row, future in batch:
                rows[operation].append((row, future))
            done = []
            for operation, pairs in rows.items():
                results = operation(self._cursor, [row for row, _ in pairs])
                done += [(future, r) for (_, future), r in zip(pairs, results, strict=True)]
            self._connection.commit()
            self._loop.call_soon_threadsafe(_settle, done)


def insert(cursor: Any, rows: list[Row]) -> list[bool]:
    """Whether each is new: Meta repeats itself."""
    cursor.execute("SAVEPOINT arrivals")
    if cursor.executemany(INSERT, rows) == len(rows):
        return [True] * len(rows)
    cursor.execute("ROLLBACK TO SAVEPOINT arrivals")
    return [cursor.execute(INSERT, row) == 1 for row in rows]


def answer(cursor: Any, rows: list[Row]) -> list[None]:
    """Rows: wamid, contact, text, wamid of what it answers, new step."""
    cursor.executemany(REPLY, [(*row[:3], True) for row in rows])
    cursor.execute(ANSWERED, [[row[3] for row in rows]])
    cursor.executemany(STEP, [(row[1], row[4]) for row in rows])
    return [None] * len(rows)


def receive(cursor: Any, rows: list[Row]) -> list[None]:
    cursor.executemany(RECEIPT, [(*row, True) for row in rows])
    return [None] * len(rows)


def _settle(done: list[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, result in done:
        future.set_result(result)


class Bot:
    def __init__(self, store: Store) -> None:
        self.store = store
        self._steps: dict[str, str] = dict(store.read("SELECT id, step FROM contact"))
        self._chats: dict[str, deque[tuple[str, str]]] = {}
        self._lines: asyncio.LifoQueue[http1.Line | None] = asyncio.LifoQueue()
        self._tasks: set[asyncio.Task[None]] = set()
        for _ in range(GRAPH_LINES):
            self._lines.put_nowait(None)
        for wamid, contact, text in store.read(LEFT_OVER):
            self.hear(contact, wamid, text)

    def hear(self, contact: str, wamid: str, text: str) -> None:
        if contact in self._chats:
            self._chats[contact].append((wamid, text))
            return
        self._chats[contact] = deque([(wamid, text)])
        task = asyncio.create_task(self._answer(contact))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, contact: str) -> None:
        waiting = self._chats[contact]
        while waiting:
            wamid, text = waiting.popleft()
            step = self._steps.get(contact, "menu_principal")
            reply = MENU.get(text.split()[0], "No entiendo")
            sent = await self._send(contact, reply)
            await self.store.save(answer, (sent, contact, reply, wamid, step))
            self._steps[contact] = step
        del self._chats[contact]

    async def _send(self, contact: str, text: str) -> str:
        body = {"messaging_product": "whatsapp", "to": contact, "type": "text"}
        raw = json.dumps({**body, "text": {"body": text}}).encode()
        request = http1.post(f"/v23.0/{NUMBER}/messages", raw, "Authorization: Bearer T\r\n")
        line = await self._lines.get() or await http1.Line.open(GRAPH_PORT)
        _, answered = await line.ask(request)
        self._lines.put_nowait(line)
        return str(json.loads(answered)["messages"][0]["id"])


async def application(scope: Any, receive_event: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive_event()
        scope["state"]["bot"] = Bot(Store())
        await send({"type": "lifespan.startup.complete"})
        return
    body, more = b"", True
    while more:
        event = await receive_event()
        body, more = body + event.get("body", b""), event.get("more_body")
    status = 200 if _is_signed(scope["headers"], body) else 403
    if status == 200:
        await _store(scope["state"]["bot"], json.loads(body))
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _is_signed(headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
    given = next((value for name, value in headers if name == b"x-hub-signature-256"), b"")
    wanted = b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(given, wanted)


async def _store(bot: Bot, body: dict[str, Any]) -> None:
    for value in (change["value"] for entry in body["entry"] for change in entry["changes"]):
        for message in value.get("messages", ()):
            row = message["id"], message["from"], message["text"]["body"]
            if await bot.store.save(insert, row):
                bot.hear(message["from"], message["id"], message["text"]["body"])
        for status in value.get("statuses", ()):
            await bot.store.save(receive, (status["id"], RANKS[status["status"]]))
