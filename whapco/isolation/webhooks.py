"""Webhooks about company B that somebody who knows only A's secret could send."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from conversations.models import Message
from tenants.context import tenant_context
from whapco.isolation.people import World

Json = dict[str, Any]


@dataclass(frozen=True)
class Post:
    """`header` and `query` are company keys. `is_accepted`: it is about A too, and is A's alone."""

    title: str
    body: Json
    header: str = ""
    query: str = ""
    is_signed: bool = True
    is_accepted: bool = False


def posts(world: World) -> Sequence[Post]:
    a, b = world.own.key, world.other.key
    of_a, of_b = (_message(company.numbers[0]) for company in (world.own, world.other))
    about_b, about_a = _webhook(of_b), _webhook(of_a)
    return (
        Post(_("Número de B, firmado con el secreto de A"), about_b),
        Post(_("Número de B sin firma"), about_b, is_signed=False),
        Post(_("Número de B con la cabecera de A"), about_b, header=a),
        Post(_("Número de B con la cabecera de B"), about_b, header=b),
        Post(_("Número de B con ?tenant= de B"), about_b, query=b),
        Post(_("Número de A con la cabecera de B"), about_a, header=b),
        Post(_("Cabecera de A y ?tenant= de B"), about_a, header=a, query=b),
        Post(_("Números de A y de B en el mismo envío"), _webhook(of_a, of_b)),
        Post(_("Acuse de A que nombra un mensaje de B"), _status_of(world), is_accepted=True),
    )


def signature(body: bytes, secret: str) -> str:
    """The X-Hub-Signature-256 of `body`."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _webhook(*values: Json) -> Json:
    changes = [{"field": "messages", "value": value} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": changes}]}


def _value(number: str, **items: Any) -> Json:
    metadata = {"display_phone_number": number, "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata, **items}


def _message(number: str) -> Json:
    message = {
        "from": "573009998877",
        "id": f"wamid.intruso{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": "intruso"},
    }
    contact = {"profile": {"name": "Intruso"}, "wa_id": "573009998877"}
    return _value(number, contacts=[contact], messages=[message])


def _status_of(world: World) -> Json:
    with tenant_context(world.other.tenant):
        wamid = Message.objects.exclude(wamid=None).values_list("wamid", flat=True)[0]
    status = {
        "id": wamid,
        "status": "read",
        "timestamp": str(int(time.time())),
        "recipient_id": "573009998877",
    }
    return _webhook(_value(world.own.numbers[0], statuses=[status]))
