"""A company as its clients, its agents and Meta see it: the words that journeys are written in.

Everything goes through the real door. `Shop.post` runs a request with no company active, as a
server would: the company of the test must not leak into the product.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from chatbot import publishing, tasks
from chatbot.models import BotSession, Rule, RuleMedia
from conversations.models import Contact, Conversation, Message
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tests.meta import FakeMeta
from whapco.simulator.webhooks import signed

Json = dict[str, Any]
ANA, BETO = "573001112233", "573004445566"
RULE_FIELDS = ("step", "trigger", "reply", "next_step", "kind")


def outside(do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call it as a new request, thread or task would be: without any active company."""
    return Context().run(do, *args, **kwargs)


def new_wamid() -> str:
    return f"wamid.{uuid4().hex}"


def seconds_ago(seconds: float) -> str:
    """WhatsApp's clock: Unix seconds, as text."""
    return str(int(time.time() - seconds))


def person(wa_id: str) -> Json:
    return {"profile": {"name": f"Cliente {wa_id[-4:]}"}, "wa_id": wa_id}


def text_message(text: str, by: str = ANA, wamid: str = "", **extra: Any) -> Json:
    return incoming("text", {"body": text}, by, wamid, **extra)


def incoming(kind: str, content: Any, by: str = ANA, wamid: str = "", **extra: Any) -> Json:
    """A message object as Meta posts it; `content` None: the type without its object."""
    message: Json = {
        "from": by,
        "id": wamid or new_wamid(),
        "timestamp": seconds_ago(0),
        "type": kind,
    }
    return message | ({} if content is None else {kind: content}) | extra


def readable(body: Mapping[str, Any]) -> str:
    """What a client would read in a body that Meta received; [kind] where that is nothing."""
    content = body[body["type"]]
    if body["type"] == "text":
        return str(content["body"])
    if body["type"] == "interactive":
        return str(content["body"]["text"])
    return str(content.get("caption", f"[{body['type']}]"))


@dataclass
class Shop:
    """One company with one number. Times are moved by changing rows: nothing is mocked."""

    tenant: Tenant
    number: str
    meta: FakeMeta
    secret: str
    client: Client = field(default_factory=Client)

    # What the company prepares --------------------------------------------------------------

    def rules(self, *lines: str) -> None:
        """`step|trigger|reply|next|kind`, as behaviour tells them."""
        for line in lines:
            self.rule(line)

    def rule(self, line: str, medias: tuple[tuple[str, str], ...] = (), **fields: Any) -> Rule:
        """`medias` are (kind, address); `fields` are the columns that a line cannot hold."""
        cells = [cell.strip() for cell in line.split("|")]
        values = {name: cell for name, cell in zip(RULE_FIELDS, cells, strict=False) if cell}
        with self.inside():
            rule = Rule.objects.create(**{"reply": "", **values, **fields})
            for position, (kind, url) in enumerate(medias):
                RuleMedia.objects.create(rule=rule, kind=kind, url=url, position=position)
            publishing.publish()
        return rule

    def set_env(self, **values: Any) -> None:
        """Overrides of the company, as its `metadata.env`."""
        self.tenant.metadata = {"env": {**self.tenant.metadata.get("env", {}), **values}}
        self.tenant.save()
        self.tenant = Tenant.objects.get(pk=self.tenant.pk)

    def role(self, keyword: str) -> Role:
        with self.inside():
            return Role.objects.get_or_create(keyword=keyword, defaults={"name": keyword})[0]

    def agent(self, username: str, *keywords: str) -> User:
        with self.inside():
            user = User.objects.create_user(username=username, password="Clave-1234")
            user.roles.set(Role.objects.filter(keyword__in=keywords))
        return user

    # What clients do ------------------------------------------------------------------------

    def says(self, text: str, by: str = ANA, wamid: str = "", **extra: Any) -> str:
        """A client writes; Meta gets its 200. Returns the wamid."""
        return self.sends(text_message(text, by, wamid, **extra))

    def taps(
        self, option_id: str, title: str = "", context: str = "", by: str = ANA, kind: str = ""
    ) -> str:
        """A client taps a button (`kind` list_reply: a row) of the message with id `context`."""
        kind = kind or "button_reply"
        tapped = {"type": kind, kind: {"id": option_id, "title": title or option_id}}
        extra = {"context": {"from": "15550000111", "id": context}} if context else {}
        return self.sends(incoming("interactive", tapped, by, **extra))

    def sends(self, *messages: Json) -> str:
        """Messages of one webhook. Returns the last one's wamid."""
        people = {message["from"]: person(message["from"]) for message in messages}
        answer = self.post(self.envelope(contacts=list(people.values()), messages=list(messages)))
        assert answer.status_code == 200
        return str(messages[-1]["id"])

    # The door -------------------------------------------------------------------------------

    def envelope(self, field: str = "messages", number: str = "", **value: Any) -> Json:
        metadata = {
            "display_phone_number": "15550000111",
            "phone_number_id": number or self.number,
        }
        value = {"messaging_product": "whatsapp", "metadata": metadata} | value
        change = {"field": field, "value": value}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": f"9{self.number}", "changes": [change]}],
        }

    def post(
        self, body: Json, secret: str | None = None, query: str = "", **headers: str
    ) -> HttpResponse:
        raw, signature = signed(body, self.secret if secret is None else secret)
        return self.post_raw(raw, signature | headers, query)

    def post_raw(self, raw: bytes, headers: Mapping[str, str], query: str = "") -> HttpResponse:
        rest = {name: text for name, text in headers.items() if name != "Content-Type"}
        answer: HttpResponse = outside(
            self.client.post,
            f"/webhook{query}",
            data=raw,
            content_type="application/json",
            headers=rest,
        )
        return answer

    def status(self, wamid: str, name: str, at: float = 0, **extra: Any) -> HttpResponse:
        """A receipt of Meta's, `at` seconds ago."""
        receipt = {"id": wamid, "status": name, "timestamp": seconds_ago(at), "recipient_id": ANA}
        return self.post(self.envelope(statuses=[receipt | extra]))

    def deliver_statuses(self) -> int:
        """Meta posts the receipts that it holds."""
        return self.meta.deliver_statuses(self.post_raw)

    # What came of it ------------------------------------------------------------------------

    @property
    def bodies(self) -> list[Json]:
        """What Meta accepted from this number, in order."""
        return self.meta.calls_of(self.number)

    @property
    def out(self) -> list[str]:
        """The same as texts."""
        return [readable(body) for body in self.bodies]

    def out_to(self, wa_id: str) -> list[str]:
        return [readable(body) for body in self.bodies if body["to"] == wa_id]

    def heard_after(self, do: Callable[[], object]) -> list[str]:
        """What the client gets because of `do`."""
        before = len(self.out)
        do()
        return self.out[before:]

    @contextmanager
    def inside(self) -> Iterator[Tenant]:
        with tenant_context(self.tenant):
            yield self.tenant

    def chat(self, by: str = ANA) -> Conversation:
        with self.inside():
            return Conversation.objects.select_related("contact").get(
                contact__wa_id=by, phone_number_id=self.number
            )

    def session(self, by: str = ANA) -> BotSession:
        with self.inside():
            return BotSession.objects.get(conversation__contact__wa_id=by)

    def step(self, by: str = ANA) -> str:
        return self.session(by).step

    def attention(self, by: str = ANA) -> str:
        return self.chat(by).attention

    def messages(self, **wanted: Any) -> list[Message]:
        with self.inside():
            return list(Message.objects.filter(**wanted).order_by("pk"))

    def received(self) -> list[Message]:
        return self.messages(direction="in")

    def sent(self) -> list[Message]:
        return self.messages(direction="out")

    def last_sent(self) -> Message:
        with self.inside():
            return Message.objects.filter(direction="out").latest("pk")

    def contact(self, wa_id: str = ANA) -> Contact:
        with self.inside():
            return Contact.objects.get(wa_id=wa_id)

    # Time passes ----------------------------------------------------------------------------

    def silence(self, by: str = ANA, **ago: float) -> None:
        """The client's last word was that long ago."""
        past = timezone.now() - timedelta(**ago)
        with self.inside():
            chats = Conversation.objects.filter(contact__wa_id=by)
            chats.update(window_closes_at=past + timedelta(hours=24))
            BotSession.objects.filter(conversation__in=chats).update(contact_spoke_at=past)

    def wait_over(self, **rows: Any) -> int:
        """What was to be tried later, or doubted until later, is due now. How many rows."""
        with self.inside():
            waiting = Message.objects.filter(next_attempt_at__isnull=False, **rows)
            return waiting.update(next_attempt_at=timezone.now() - timedelta(seconds=1))

    def sweep(self) -> None:
        self.job(tasks.sweep)

    def job(self, job: Callable[[], object]) -> None:
        """A periodic job runs for this company."""

        def run() -> None:
            with self.inside():
                job()

        outside(run)

    def attempts(self) -> int:
        with self.inside():
            return sum(Message.objects.values_list(F("attempts"), flat=True))
