"""Finding chats by their contact and messages by their words, in what the user may see.

Hits come in blocks of the newest first; inside a block those that answer best come first. A word
that everybody uses is found by reading the newest messages: the full text would have to weigh all
that ever held it. A rare one is found by the full text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connections
from django.db.models import F, Func, Q, QuerySet

from conversations import search_index
from conversations.models import Contact, Conversation, Message
from conversations.search_index import TABLE, key_column
from conversations.search_words import Piece, Search, marked, relevance, search_of
from tenants.context import require_alias
from tenants.models import User
from tenants.statements import select
from whapco.lib.text import normalize_text

PAGE = 30
BLOCK = 150  # candidates that are ranked together
READ = 4_000  # newest messages that are read for a common word
ENOUGH = 10  # hits among them that make a page
RARE = READ // 100  # fewer of them hold a rare word
MOST_BLOCKS = 8  # of candidates that the user may not see, before the page is given as it is
NEWEST = 2**62


@dataclass
class Hit:
    """A message that answers. `pieces` are its words, what was found apart."""

    message: Message
    pieces: list[Piece]


@dataclass
class Hits:
    """`next_id`: where the next page begins, 0 after the last."""

    search: Search
    hits: list[Hit] = field(default_factory=list)
    next_id: int = 0


def messages(user: User, typed: str, before: int = NEWEST) -> Hits:
    """A page of messages that hold every word, older than message `before`."""
    search_index.catch_up()
    found = Hits(search_of(typed))
    if not found.search:
        return found
    for block in _blocks(found.search, before):
        words = dict(block.rows)
        visible = _visible(user, list(words))
        page, rest = visible[:PAGE], visible[PAGE:]
        found.next_id = rest[0].pk + 1 if rest else block.end
        page.sort(key=lambda message: (-relevance(words[message.pk], found.search), -message.pk))
        found.hits = [Hit(one, marked(shown_text(one), found.search)) for one in page]
        if found.hits:
            break
    return found


def shown_text(message: Message) -> str:
    """What a hit's line shows: the words, or the file's name."""
    name = message.media.original_name if message.media else ""
    return " ".join(filter(None, (message.body, name)))


def _visible(user: User, ids: list[int]) -> list[Message]:
    found = Message.objects.filter(pk__in=ids).select_related(
        "conversation__contact", "media", "agent"
    )
    if not user.sees_all_chats:
        chats = set(found.values_list("conversation", flat=True))
        seen = Conversation.objects.filter(pk__in=chats).visible_row_by_row(user)
        found = found.filter(conversation__in=list(seen.values_list("pk", flat=True)))
    return list(found.order_by("-pk"))


# Candidates, the newest first --------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """(message id, stored words) each. `end`: older ones are below that id; 0: there are none."""

    rows: list[tuple[int, str]]
    end: int


def _blocks(search: Search, before: int) -> Iterator[Block]:
    for _ in range(MOST_BLOCKS):
        block = _block(search, before)
        yield block
        if not block.end:
            return
        before = block.end


def _block(search: Search, before: int) -> Block:
    if connections[require_alias()].vendor == "sqlite":
        return _by_full_text(search, _fts5(search), f"{TABLE} MATCH %s", before)
    found = _by_reading(search, before, READ)
    if len(found.rows) >= ENOUGH:
        return found
    rare = _rare_words(search, before)
    if not rare and not search.numbers:
        found = _by_reading(search, before, READ * 10)  # each is common, all together are not
        if found.rows:
            return found
    some = Search(rare or search.words, search.numbers)
    return _by_full_text(
        search, _boolean(some), "MATCH (words) AGAINST (%s IN BOOLEAN MODE)", before
    )


def _by_full_text(search: Search, query: str, condition: str, before: int) -> Block:
    key, (holds, values) = key_column(), _likes(search)
    sql = (
        f"SELECT {key}, words FROM {TABLE} WHERE {condition} AND {key} < %s AND {holds}"  # noqa: S608
        f" ORDER BY {key} DESC LIMIT {BLOCK}"
    )
    rows = select(sql, query, before, *values)
    return Block(list(rows), rows[-1][0] if len(rows) == BLOCK else 0)


def _by_reading(search: Search, before: int, count: int) -> Block:
    """Among the newest messages before that one."""
    holds, values = _likes(search)
    newest = _newest("message_id, words", count)
    sql = f"SELECT message_id, words FROM ({newest}) n WHERE {holds} ORDER BY 1 DESC LIMIT {BLOCK}"  # noqa: S608
    rows = list(select(sql, before, *values))
    if len(rows) == BLOCK:
        return Block(rows, rows[-1][0])
    reach = f"SELECT MIN(message_id), COUNT(*) FROM ({_newest('message_id', count)}) n"  # noqa: S608
    ((end, read),) = select(reach, before)
    return Block(rows, end if read == count else 0)


def _newest(columns: str, count: int) -> str:
    return (
        f"SELECT {columns} FROM {TABLE} WHERE message_id < %s"  # noqa: S608
        f" ORDER BY message_id DESC LIMIT {count}"
    )


def _rare_words(search: Search, before: int) -> tuple[str, ...]:
    """Those that few of the newest messages hold: what the full text should begin with."""
    sums = ", ".join(["SUM(words LIKE %s)"] * len(search.words))
    sql = f"SELECT {sums} FROM ({_newest('words', READ)}) n"  # noqa: S608
    likes = [f"% {word}%" for word in search.words]
    (counts,) = select(sql, *likes, before)
    return tuple(w for w, n in zip(search.words, counts, strict=True) if (n or 0) < RARE)


def _likes(search: Search) -> tuple[str, list[str]]:
    """Words have neither `%` nor `_`."""
    every = " AND ".join(["words LIKE %s"] * len(search.words))
    one = "".join([" OR words LIKE %s"] * len(search.numbers))
    return f"(({every}){one})", [f"% {word}%" for word in (*search.words, *search.numbers)]


def _boolean(search: Search) -> str:
    """Words are letters and digits alone: nothing in them is an operator."""
    every = " ".join(f"+{word}*" for word in search.words)
    numbers = " ".join(f"{number}*" for number in search.numbers)
    return f"({every}) {numbers}" if numbers else every


def _fts5(search: Search) -> str:
    every = " AND ".join(f'"{word}"*' for word in search.words)
    return " OR ".join([f"({every})", *(f'"{number}"*' for number in search.numbers)])


# Chats ------------------------------------------------------------------------------------------

CHATS_PAGE = 20


class Fold(Func):
    """A name as it is compared: on MySQL by its collation, which ignores accents and case."""

    function = "whapco_fold"

    def as_mysql(self, compiler, connection, **context):  # type: ignore[no-untyped-def]
        return compiler.compile(self.source_expressions[0])


def chats(user: User, typed: str, skip: int = 0) -> tuple[list[Conversation], bool]:
    """A page of chats whose contact's name, alias, user name, number or notes hold it, the best
    first; and whether there are more."""
    search = search_of(typed)
    if not search:
        return [], False
    _teach_sqlite_to_fold()
    found = Conversation.objects.visible_to(user).filter(contact__in=_contacts(search))
    found = found.select_related("contact", "assigned_to").order_by("-last_message_at", "-pk")
    page = list(found[skip : skip + CHATS_PAGE + 1])
    more = len(page) > CHATS_PAGE
    return sorted(page[:CHATS_PAGE], key=lambda chat: _distance(chat, search)), more


def _contacts(search: Search) -> QuerySet[Contact]:
    names = {name: Fold(F(name)) for name in ("alias", "profile_name", "username", "notes")}
    found = Contact.objects.annotate(**{f"folded_{name}": fold for name, fold in names.items()})
    matching = Q()
    for word in search.words:
        holds = (Q(**{f"folded_{name}__icontains": word}) for name in names)
        matching &= _any(holds) | Q(wa_id__contains=word)
    for number in search.numbers:
        matching |= Q(wa_id__contains=number)
    return found.filter(matching)


def _any(conditions: Iterator[Q]) -> Q:
    whole = Q()
    for one in conditions:
        whole |= one
    return whole


def _distance(chat: Conversation, search: Search) -> int:
    """0: the name is what was typed; 1: begins so; 2: a word of it does; 3: it is in there."""
    name, typed = normalize_text(str(chat.contact)), " ".join(search.words)
    if name == typed or chat.contact.wa_id in search.numbers:
        return 0
    if name.startswith(typed):
        return 1
    return 2 if f" {typed}" in f" {name}" else 3


def _teach_sqlite_to_fold() -> None:
    connection = connections[require_alias()]
    if connection.vendor != "sqlite":
        return
    connection.ensure_connection()
    connection.connection.create_function("whapco_fold", 1, _fold, deterministic=True)


def _fold(text: object) -> str:
    return normalize_text(str(text or ""))
