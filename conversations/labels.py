"""The company's labels, and which chats have them."""

from collections.abc import Iterable

from django.db import IntegrityError
from django.utils.translation import gettext as _

from conversations.models import Conversation, Label
from conversations.own_rows import add_event
from tenants.context import atomic
from tenants.models import User

NAME_LIMIT = 40


class BadLabel(Exception):
    """Why, in a sentence for the agent."""


def create_label(name: str, colour: str) -> Label:
    """The label of that name, made if there is none, however it is written. Raises BadLabel."""
    name = " ".join(name.split())
    if not name:
        raise BadLabel(_("Escribe el nombre de la etiqueta."))
    if len(name) > NAME_LIMIT:
        raise BadLabel(_("El nombre puede tener hasta %(n)d caracteres.") % {"n": NAME_LIMIT})
    if colour not in Label.Colour.values:
        raise BadLabel(_("Elige uno de los colores."))
    if found := _named(name):
        return found
    try:
        with atomic():
            return Label.objects.create(name=name, colour=colour)
    except IntegrityError:  # a colleague, at the same time
        if found := _named(name):
            return found
        raise


def put_label(chats: Iterable[Conversation], label: Label, *, agent: User) -> list[Conversation]:
    """Returns the chats that did not have it."""
    with atomic():
        asked = {chat.pk: chat for chat in chats}
        labelled = Conversation.objects.filter(labels=label, pk__in=asked)
        having = set(labelled.values_list("pk", flat=True))
        changed = [chat for pk, chat in asked.items() if pk not in having]
        for chat in changed:
            chat.labels.add(label)
            add_event(chat, "labelled", agent=agent, label=label.name)
    return changed


def take_label(chats: Iterable[Conversation], label: Label, *, agent: User) -> list[Conversation]:
    """Returns the chats that had it."""
    with atomic():
        asked = [chat.pk for chat in chats]
        changed = list(Conversation.objects.filter(labels=label, pk__in=asked))
        for chat in changed:
            chat.labels.remove(label)
            add_event(chat, "unlabelled", agent=agent, label=label.name)
    return changed


def _named(name: str) -> Label | None:
    return Label.objects.filter(name__iexact=name).first()
