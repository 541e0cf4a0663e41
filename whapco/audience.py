"""Which open page hears of which chat: a hint, too, is for those only who may see the chat.

A company's pages share one subscription, and each round of hints costs one look at who its readers
are now, however many they are. So a role, a chat or a password that somebody loses counts with the
next hint.
"""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone

from conversations.selectors import seen_by
from tenants import registry
from tenants.connections import close_old
from tenants.context import tenant_context
from tenants.databases import is_outage
from tenants.models import Tenant, User
from tenants.sessions import SessionStore, holder_of_session, is_at_work, open_cookie
from whapco.lib import bus

logger = logging.getLogger(__name__)
CHECK_SECONDS = 60  # how long a page that nobody may read any more stays open while nothing happens
RETRY_SECONDS = 1  # after a database that did not answer
Seen = dict["Visitor", set[int]]


@dataclass(frozen=True)
class Visitor:
    """Who opened a page. `mark` changes with the password."""

    company: str
    session_key: str
    user_id: int
    mark: str


class Page:
    """An open page. `None` in the queue: it may not listen any more."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.hints: asyncio.Queue[bus.Hint | None] = asyncio.Queue(bus.QUEUE_LIMIT)
        self.is_over = False
        self._told: set[int] = set()

    def tell(self, hints: list[bus.Hint], seen: set[int]) -> None:
        """A chat that was taken away is hinted at once more, so that it leaves the list."""
        for hint in hints:
            chat = hint["chat"]
            if chat in seen or chat in self._told or hint == bus.TO_ALL:
                self._put(hint)
        chats = {hint["chat"] for hint in hints}
        self._told = (self._told - chats) | (chats & seen)

    def end(self) -> None:
        self.is_over = True
        self._put(None)

    def _put(self, hint: bus.Hint | None) -> None:
        if not self.hints.full():  # else it is that far behind that it fetches everything anyway
            self.hints.put_nowait(hint)


class Audience:
    """The open pages of one company in this process."""

    def __init__(self, company: str) -> None:
        self.company = company
        self.pages: set[Page] = set()
        self._waiting: dict[int, bus.Hint] = {}  # the newest of each chat
        self._news = asyncio.Event()
        self._tasks = [asyncio.create_task(self._collect()), asyncio.create_task(self._pass_on())]
        for task in self._tasks:
            task.add_done_callback(self._end_pages)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _collect(self) -> None:
        async for hint in bus.subscribe(self.company):
            self._note(hint)
            self._news.set()

    def _note(self, hint: bus.Hint) -> None:
        """Who looks at a chat is fetched with its messages: that hint never hides theirs."""
        if not hint.get("presence"):
            self._waiting[hint["chat"]] = hint
        else:
            self._waiting.setdefault(hint["chat"], hint)

    async def _pass_on(self) -> None:
        while True:
            await _either(self._news, CHECK_SECONDS)
            self._news.clear()
            hints, self._waiting = self._waiting, {}
            try:
                await self._tell(list(hints.values()))
            except Exception as error:
                if not is_outage(error):
                    raise
                logger.warning("A database does not answer: live hints wait", exc_info=True)
                self._waiting = hints | self._waiting
                self._news.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _tell(self, hints: list[bus.Hint]) -> None:
        pages = list(self.pages)
        visitors = {page.visitor for page in pages}
        chats = [hint["chat"] for hint in hints]
        seen = await asyncio.to_thread(who_sees, self.company, visitors, chats)
        for page in pages:
            if page.visitor in seen:
                page.tell(hints, seen[page.visitor])
            else:
                page.end()

    def _end_pages(self, task: "asyncio.Task[None]") -> None:
        """The pages come back by themselves, and find another audience."""
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("The live hints of a company stopped", exc_info=error)
        self.close()
        if _audiences.get(self.company) is self:
            del _audiences[self.company]
        for page in self.pages:
            page.end()


_audiences: dict[str, Audience] = {}  # of the one event loop of the process


def join(visitor: Visitor) -> Page:
    audience = _audiences.get(visitor.company)
    if audience is None:
        audience = _audiences[visitor.company] = Audience(visitor.company)
    page = Page(visitor)
    audience.pages.add(page)
    return page


def leave(page: Page) -> None:
    audience = _audiences.get(page.visitor.company)
    if audience is None:
        return
    audience.pages.discard(page)
    if not audience.pages:
        del _audiences[audience.company]
        audience.close()


def visitor_of(cookie_text: str) -> Visitor | None:
    """Who holds this session; None when nobody does, or not any longer."""
    holder, cookie = holder_of_session(cookie_text), open_cookie(cookie_text)
    if holder is None or cookie is None:
        return None
    tenant, user = holder
    return Visitor(tenant.key, cookie.session_key, user.pk, user.get_session_auth_hash())


def who_sees(company: str, visitors: Collection[Visitor], chats: list[int]) -> Seen:
    """Which of `chats` each visitor may see now; one whose session is over is missing."""
    close_old()
    tenant = registry.by_key(company)
    if tenant is None:
        return {}
    with tenant_context(tenant):
        users = _at_work(tenant, {one.user_id for one in visitors})
        sessions = _open_sessions({one.session_key for one in visitors})
        marks = {pk: user.get_session_auth_hash() for pk, user in users.items()}
        seen = seen_by(users.values(), chats)
    return {
        one: seen[one.user_id]
        for one in visitors
        if one.session_key in sessions and marks.get(one.user_id) == one.mark
    }


def _at_work(tenant: Tenant, ids: set[int]) -> dict[int, User]:
    users = User.objects.filter(is_active=True).prefetch_related("roles").in_bulk(ids)
    return {pk: user for pk, user in users.items() if is_at_work(tenant, user)}


def _open_sessions(keys: set[str]) -> set[str]:
    sessions = SessionStore.get_model_class().objects
    still = sessions.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(still.values_list("session_key", flat=True))


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or that many seconds."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
