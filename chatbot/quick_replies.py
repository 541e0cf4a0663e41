"""Quick replies in a chat: their words filled in, and sent like a rule's."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from chatbot.replies import Outgoing, usable_options, words_for
from chatbot.rule_data import MediaRef, RuleData
from conversations import services
from conversations.models import Conversation, Message, QuickReply
from tenants.context import atomic, current_tenant
from tenants.models import User

MOST = 500  # offered at once
_VARIABLE = re.compile(r"\{\{\s*(nombre|asesor|numero|empresa)\s*\}\}", re.IGNORECASE)


class NothingToSend(Exception):
    """The quick reply has neither words nor files."""


def offered(conversation: Conversation, agent: User) -> list[dict[str, Any]]:
    """By name: `text` as the contact would read it; `sends`: it goes by itself, for it has files
    or options that a text box cannot hold."""
    values = _values(conversation, agent)
    replies = QuickReply.objects.prefetch_related("medias").order_by("name", "pk")[:MOST]
    found = []
    for reply in replies:
        rule = _as_rule(reply)
        found.append(
            {
                "id": reply.pk,
                "name": reply.name,
                "category": reply.category,
                "text": _fill(reply.message, values),
                "files": len(rule.medias),
                "sends": bool(rule.medias) or usable_options(rule) is not None,
            }
        )
    return found


def send(conversation: Conversation, reply: QuickReply, *, agent: User, key: str) -> list[Message]:
    """Queue its messages, in order, all or none. `key`: as in reply_as_agent. Raises WindowClosed
    and NothingToSend."""
    words = _outgoing(reply, _values(conversation, agent))
    if not words:
        raise NothingToSend(_("Esa respuesta rápida está vacía."))
    with atomic():
        return [
            services.send_as_agent(
                conversation,
                one.words,
                body=one.body,
                agent=agent,
                key=key if not number else str(uuid.uuid5(uuid.UUID(key), str(number))),
            )
            for number, one in enumerate(words)
        ]


def _outgoing(reply: QuickReply, values: Mapping[str, str]) -> list[Outgoing]:
    return words_for(_as_rule(reply), _fill(reply.message, values))


def _as_rule(reply: QuickReply) -> RuleData:
    medias = sorted(reply.medias.all(), key=lambda media: (media.position, media.pk))
    return RuleData(
        id=0,
        step="",
        trigger="",
        kind=reply.kind,
        reply=reply.message,
        options=reply.options,
        medias=tuple(MediaRef(url=media.url, file_id=media.file_id) for media in medias),
    )


def _values(conversation: Conversation, agent: User) -> dict[str, str]:
    contact = conversation.contact
    name = contact.alias or contact.profile_name or contact.username
    return {
        "nombre": name.split(" ")[0],
        "asesor": agent.first_name or agent.get_username(),
        "numero": contact.address,
        "empresa": current_tenant().name,
    }


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values[found[1].lower()], text)
