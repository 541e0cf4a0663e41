"""When a message came how far, for people."""

import datetime as dt

from django.utils.translation import gettext as _

from conversations.models import Message


def times_of(message: Message) -> list[tuple[str, dt.datetime]]:
    """(what happened, when), in order; what is not known is left out."""
    if message.direction != Message.Direction.OUT:
        written = _("Escrito") if message.direction == Message.Direction.OWN else _("Enviado")
        times = [(written, message.at), (_("Recibido aquí"), message.created_at)]
        return times[: 1 if message.direction == Message.Direction.OWN else 2]
    steps: list[tuple[str, dt.datetime | None]]
    if message.author == Message.Author.PHONE_APP:
        steps = [(_("Enviado desde el celular"), message.at)]
    else:
        steps = [(_("En cola"), message.created_at), (_("Enviado"), message.sent_at)]
    steps += [
        (_("Entregado"), message.delivered_at),
        (_("Leído"), message.read_at),
        (_("Escuchado"), message.played_at),
        (_("No enviado"), message.failed_at),
    ]
    return [(label, at) for label, at in steps if at is not None]
