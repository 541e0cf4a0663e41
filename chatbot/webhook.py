"""Meta's door: verification (GET) and everything that happens on WhatsApp (POST).

Stored durably first, then 200, then the bot. `receive` is free of HTTP; the Django view below is
one way to it.
"""

import hmac
import itertools
import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future  # noqa: TID251  (no tenant crosses: see tenants.together)
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from chatbot import undelivered
from chatbot.tasks import digest
from conversations.recording import record
from conversations.whatsapp import inbound, signature
from conversations.whatsapp.inbound import Item
from tenants import registry
from tenants.heard import note_webhook
from tenants.models import Tenant, UndeliveredEvent
from tenants.together import submit_together

logger = logging.getLogger(__name__)
CHALLENGE_LIMIT = 200  # Meta's are short strings of digits (cloud-api 1.1)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str = ""


class Refused(Exception):
    """Not for us, or not from Meta: nothing is stored."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.answer = Answer(status, text)


@dataclass
class Sorted:
    """The items of one POST by company, and those that nobody claims."""

    companies: dict[str, tuple[Tenant, list[Item]]] = field(default_factory=dict)
    unclaimed: list[Item] = field(default_factory=list)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest) -> HttpResponse:
    asked = (request.headers.get(settings.TENANT_HEADER, ""), request.GET.get("tenant", ""))
    if request.method == "GET":
        answer = verify(request.GET.dict(), asked)
    else:
        answer = receive(request.body, request.headers.get("X-Hub-Signature-256"), asked)
    return HttpResponse(answer.text, status=answer.status, content_type="text/plain; charset=utf-8")


def verify(query: dict[str, str], asked: tuple[str, str] = ("", "")) -> Answer:
    """Meta's handshake: its challenge back, when the token is ours."""
    try:
        company = _asked_company(*asked)
    except Refused as refused:
        return refused.answer
    wanted = (company or registry.default_company()).config.verify_token
    given = query.get("hub.verify_token", "")
    right = bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
    challenge = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or not right or len(challenge) > CHALLENGE_LIMIT:
        return Answer(403, _("Token de verificación incorrecto."))
    return Answer(200, challenge)


def receive(body: bytes, header: str | None, asked: tuple[str, str] = ("", "")) -> Answer:
    """Check, store, answer. `asked` are the company keys of header and query, empty when absent.

    500 only when a database did not take its part: Meta then sends all of it again.
    """
    return receive_soon(body, header, asked).result()


def receive_soon(
    body: bytes, header: str | None, asked: tuple[str, str] = ("", "")
) -> "Future[Answer]":
    """The same without waiting for the companies' databases: one that is slow holds up nobody
    else's webhooks, and the door needs few threads."""
    answered: Future[Answer] = Future()
    try:
        found = _admit(body, header, asked)
        kept = undelivered.keep(found.unclaimed)
    except Refused as refused:
        answered.set_result(refused.answer)
        return answered
    except DatabaseError:
        logger.exception("The control database does not answer: Meta will try again")
        answered.set_result(Answer(500))
        return answered
    _store(found, lambda stored: answered.set_result(Answer(200 if stored and kept else 500)))
    return answered


def _admit(body: bytes, header: str | None, asked: tuple[str, str]) -> Sorted:
    """Raises Refused."""
    company = _asked_company(*asked)
    parsed = _parsed(body)
    _check_signature(body, header, _owners(parsed, company))
    if parsed is None:
        _keep_unreadable(body)
        raise Refused(400, _("El cuerpo no es JSON."))
    return _sort(inbound.parse(parsed).items, company)


def _asked_company(header: str, query: str) -> Tenant | None:
    if header and query and header != query:
        raise Refused(403, _("La cabecera y la consulta nombran empresas distintas."))
    key = header or query
    if not key:
        return None
    company = registry.by_key(key, include_inactive=True)
    if company is None or company.removed_at is not None:
        raise Refused(404, _("No se encontró la empresa '%(key)s'.") % {"key": key[:80]})
    return company


def _parsed(body: bytes) -> Any:
    """The JSON of the body; its text where it is none (the signature decides what follows)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _owners(parsed: Any, asked: Tenant | None) -> list[Tenant]:
    """Every company that the body is about, by number or, for account events, by account."""
    found = [_number_owner(number, asked) for number in inbound.numbers(parsed)]
    found += [registry.owner_of_account(account) for account in inbound.accounts(parsed)]
    return [company for company in (asked, *found) if company is not None]


def _check_signature(body: bytes, header: str | None, owners: Iterable[Tenant]) -> None:
    """One secret signs a POST: that of every company in it, or it is refused whole."""
    secrets = {owner.config.app_secret for owner in owners} or {str(settings.META_APP_SECRET)}
    if secrets == {""} and settings.WEBHOOK_ALLOW_UNSIGNED:
        return
    if len(secrets) > 1 or not signature.is_valid(body, header, [s for s in secrets if s]):
        raise Refused(403, _("Firma incorrecta."))


def _keep_unreadable(body: bytes) -> None:
    UndeliveredEvent.objects.create(
        reason="json", body={"text": body.decode("utf-8", "replace").replace("\0", "")}
    )


def _sort(items: Iterable[Item], asked: Tenant | None) -> Sorted:
    found = Sorted()
    for item in items:
        company = _company_of(item, asked)
        if company is None:
            found.unclaimed.append(item)
        else:
            found.companies.setdefault(company.key, (company, []))[1].append(item)
            registry.learn_account(item.phone_number_id, item.waba_id)
    return found


def _company_of(item: Item, asked: Tenant | None) -> Tenant | None:
    owner = _owner(item, asked)
    if asked is not None and owner is not None and owner.key != asked.key:
        raise Refused(403, _("El número pertenece a otra empresa."))
    return asked or owner


def _owner(item: Item, asked: Tenant | None) -> Tenant | None:
    if item.phone_number_id:
        return _number_owner(item.phone_number_id, asked)
    return registry.owner_of_account(item.waba_id)


def _number_owner(phone_number_id: str, asked: Tenant | None) -> Tenant | None:
    """A number that nobody has is the asked company's, before it is the default company's."""
    return registry.owner_of_number(phone_number_id, or_default=asked is None)


def _store(found: Sorted, answer: Callable[[bool], None]) -> None:
    """Each company in its own database; one that is down does not cost the others theirs.
    `answer` learns whether all were stored, in whatever thread stored the last."""
    saves = [
        (company, submit_together(record, tuple(items), company, urgent=True))
        for company, items in found.companies.values()
    ]
    left = itertools.count(len(saves) - 1, -1)

    def saved(_: object) -> None:
        if next(left) == 0:  # atomic: the last one, whoever that is
            stored = [company for company, save in saves if _hint(company, save)]
            answer(len(stored) == len(saves))
            for company in stored:  # Meta need not wait for it
                note_webhook(company)

    for _company, save in saves:
        save.add_done_callback(saved)
    if not saves:
        answer(True)


def _hint(company: Tenant, save: "Future[set[int]]") -> bool:
    """Wake the bot for what was stored; whether it was."""
    try:
        chats = save.result()
        if company.active:
            for chat in sorted(chats):
                digest.enqueue(company.key, chat)
    except Exception:
        logger.exception("Company %s could not store a webhook", company.key)
        return False
    return True
