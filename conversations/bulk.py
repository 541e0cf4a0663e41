"""One act on many chats, and the way back. What each chat was before travels, signed, to the
browser and back: an undo takes back only what nobody has changed since."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.chat_filters import name_of
from conversations.models import Conversation, Label
from conversations.own_rows import add_event
from tenants.context import atomic, current_tenant
from tenants.models import User

MOST = 200  # chats at once
UNDO_SECONDS = 600
_SALT = "bulk"
State = Conversation.State


class Refused(Exception):
    """Why, in a sentence for the agent."""


@dataclass(frozen=True)
class Done:
    """`undo`: what `undo` takes; empty when nothing changed."""

    text: str
    undo: str = ""


def act(name: str, value: str, chats: Iterable[Conversation], *, agent: User) -> Done:
    """Raises Refused for an act or a value that nobody offers."""
    if name not in ACTS:
        raise Refused(_("Esa acción no existe."))
    with atomic():
        before, text = ACTS[name](value, list(chats), agent)
    if not before:
        return Done(_("No había nada que cambiar."))
    chain = {"act": name, "value": value, "before": before}
    who = {"by": agent.pk, "company": current_tenant().key}
    return Done(text % {"n": len(before)}, signing.dumps(chain | who, salt=_SALT, compress=True))


def undo(token: str, chats: Callable[[list[int]], Iterable[Conversation]], *, agent: User) -> Done:
    """`chats` gives those of these ids that the agent may see. Raises Refused."""
    try:
        said = signing.loads(token, salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature as error:
        raise Refused(_("Ya pasó el tiempo para deshacerlo.")) from error
    if (said["by"], said["company"]) != (agent.pk, current_tenant().key):
        raise Refused(_("Solo puede deshacerlo quien lo hizo."))
    before = {int(pk): value for pk, value in said["before"].items()}
    with atomic():
        for chat in chats(list(before)):
            _UNDO[said["act"]](chat, before[chat.pk], said["value"], agent)
    return Done(_("Deshecho"))


# What can be done: (value, chats, agent) -> what each changed chat had before, and the words ------

Before = dict[int, Any]


def _assign(value: str, chats: list[Conversation], agent: User) -> tuple[Before, str]:
    to = _agent(value)
    changed = [chat for chat in chats if chat.assigned_to_id != (to.pk if to else None)]
    before = {chat.pk: chat.assigned_to_id for chat in changed}
    for chat in changed:
        _give(chat, to, agent)
    if to is None:
        text = ngettext(
            "%(n)d chat quedó sin asignar", "%(n)d chats quedaron sin asignar", len(before)
        )
        return before, text
    text = ngettext("%(n)d chat asignado a {who}", "%(n)d chats asignados a {who}", len(before))
    return before, text.replace("{who}", name_of(to).replace("%", "%%"))


def _agent(value: str) -> User | None:
    if not value:
        return None
    found = User.objects.filter(is_active=True, pk=int(value)) if value.isdecimal() else None
    to = found.first() if found is not None and len(value) <= 18 else None
    if to is None:
        raise Refused(_("Ese asesor ya no está."))
    return to


def _give(chat: Conversation, to: User | None, agent: User) -> None:
    Conversation.objects.filter(pk=chat.pk).update(assigned_to=to)
    if to is None:
        add_event(chat, "unassigned", agent=agent)
    elif to == agent:
        add_event(chat, "taken", agent=agent)
    else:
        add_event(chat, "assigned", agent=agent, to=name_of(to))


def _set_state(value: str, chats: list[Conversation], agent: User) -> tuple[Before, str]:
    if value not in State.values:
        raise Refused(_("Ese estado no existe."))
    changed = [chat for chat in chats if chat.state != value]
    before = {chat.pk: chat.state for chat in changed}
    for chat in changed:
        _put_state(chat, value, agent)
    texts = {
        State.RESOLVED.value: ngettext("%(n)d chat resuelto", "%(n)d chats resueltos", len(before)),
        State.PENDING.value: ngettext(
            "%(n)d chat pendiente", "%(n)d chats pendientes", len(before)
        ),
    }
    opened = ngettext("%(n)d chat abierto", "%(n)d chats abiertos", len(before))
    return before, texts.get(value, opened)


def _put_state(chat: Conversation, state: str, agent: User) -> None:
    Conversation.objects.filter(pk=chat.pk).update(state=state)
    add_event(chat, "state", agent=agent, to=str(State(state).label))


def _label(value: str, chats: list[Conversation], agent: User) -> tuple[Before, str]:
    label = (
        Label.objects.filter(pk=int(value)).first()
        if value.isdecimal() and len(value) <= 18
        else None
    )
    if label is None:
        raise Refused(_("Esa etiqueta ya no está."))
    labelled = Conversation.objects.filter(labels=label, pk__in=[chat.pk for chat in chats])
    having = set(labelled.values_list("pk", flat=True))
    changed = [chat for chat in chats if chat.pk not in having]
    for chat in changed:
        chat.labels.add(label)
        add_event(chat, "labelled", agent=agent, label=label.name)
    text = ngettext(
        "%(n)d chat con la etiqueta nueva", "%(n)d chats con la etiqueta nueva", len(changed)
    )
    return {chat.pk: None for chat in changed}, text


def _unassign_again(chat: Conversation, before: Any, value: str, agent: User) -> None:
    if str(chat.assigned_to_id or "") != value:
        return
    holder = User.objects.filter(pk=before, is_active=True).first() if before else None
    _give(chat, holder, agent)


def _old_state(chat: Conversation, before: Any, value: str, agent: User) -> None:
    if chat.state == value:
        _put_state(chat, before, agent)


def _unlabel(chat: Conversation, before: Any, value: str, agent: User) -> None:
    label = chat.labels.filter(pk=value).first()
    if label is not None:
        chat.labels.remove(label)
        add_event(chat, "unlabelled", agent=agent, label=label.name)


ACTS = {"asignar": _assign, "estado": _set_state, "etiqueta": _label}
_UNDO = {"asignar": _unassign_again, "estado": _old_state, "etiqueta": _unlabel}
