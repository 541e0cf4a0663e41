"""Which chats the list shows: a tab and filters, as they travel in an address and in a cookie."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db.models import Count, Q
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from conversations.models import CLOSING, Conversation, Label
from conversations.querysets import ConversationQuerySet
from tenants.models import User

MINE, UNASSIGNED, ALL = "mios", "sin_asignar", "todos"
_State = Conversation.State
SNOOZED, ANY = "pospuestos", "cualquiera"


@dataclass(frozen=True)
class Chip:
    """A filter in use; `names` are the fields of the form that take it away when emptied."""

    text: str
    names: str


@dataclass(frozen=True)
class ChatFilter:
    """The fields are named as in the address. Without a state: neither resolved nor snoozed."""

    vista: str = ALL
    estado: str = ""
    etiqueta: int | None = None
    asesor: int | None = None
    desde: dt.date | None = None
    hasta: dt.date | None = None
    sin_leer: bool = False
    por_cerrar: bool = False
    atencion: bool = False

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "ChatFilter":
        """From an address or a cookie; what makes no sense counts as not there."""
        tab, state = data.get("vista", ""), data.get("estado", "")
        return cls(
            vista=tab if tab in TABS else ALL,
            estado=state if state in states() else "",
            etiqueta=_number(data.get("etiqueta", "")),
            asesor=_number(data.get("asesor", "")),
            desde=_date(data.get("desde", "")),
            hasta=_date(data.get("hasta", "")),
            **{name: data.get(name) == "1" for name in ("sin_leer", "por_cerrar", "atencion")},
        )

    @property
    def query(self) -> str:
        """For an address or a cookie; empty when nothing is asked for."""
        chosen = {field.name: getattr(self, field.name) for field in fields(self)}
        words = {name: "1" if value is True else value for name, value in chosen.items() if value}
        return urlencode({k: v for k, v in words.items() if (k, v) != ("vista", ALL)})

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return bool(replace(self, vista=ALL).query)

    def apply(self, chats: ConversationQuerySet, user: User) -> ConversationQuerySet:
        return chats.filter(self._tab(user), self._state(), *self._rest())

    def count(self, chats: ConversationQuerySet, user: User) -> dict[str, int]:
        """How many chats each tab has."""
        mine, nobody = Q(assigned_to=user.pk), Q(assigned_to=None)
        tabs = {MINE: Count("pk", filter=mine), UNASSIGNED: Count("pk", filter=nobody)}
        found = chats.filter(self._state(), *self._rest()).order_by()
        return dict(found.aggregate(**tabs, **{ALL: Count("pk")}))

    def chips(self) -> list[Chip]:
        """What narrows the list, in words."""
        state = [Chip(states()[self.estado], "estado")] if self.estado else []
        label = Label.objects.filter(pk=self.etiqueta).first() if self.etiqueta else None
        agent = User.objects.filter(pk=self.asesor).first() if self.asesor else None
        flags = {
            "sin_leer": _("Sin leer"),
            "por_cerrar": _("Cierra pronto"),
            "atencion": _("Necesita atención"),
        }
        return [
            *state,
            *(
                [Chip(label.name if label else _("Etiqueta borrada"), "etiqueta")]
                if self.etiqueta
                else []
            ),
            *(
                [Chip(name_of(agent) if agent else _("Asesor borrado"), "asesor")]
                if self.asesor
                else []
            ),
            *self._date_chips(),
            *(Chip(text, name) for name, text in flags.items() if getattr(self, name)),
        ]

    def _date_chips(self) -> list[Chip]:
        since, until = _("Desde el %(day)s"), _("Hasta el %(day)s")
        days = (("desde", since, self.desde), ("hasta", until, self.hasta))
        short = "SHORT_DATE_FORMAT"
        return [Chip(t % {"day": formats.date_format(d, short)}, n) for n, t, d in days if d]

    def _tab(self, user: User) -> Q:
        return {MINE: Q(assigned_to=user.pk), UNASSIGNED: Q(assigned_to=None)}.get(self.vista, Q())

    def _state(self) -> Q:
        awake = Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now())
        if self.estado == ANY:
            return Q()
        if self.estado == SNOOZED:
            return Q(snoozed_until__gt=timezone.now())
        if self.estado:
            return Q(state=self.estado) & (Q() if self.estado == _State.RESOLVED else awake)
        return Q(state__in=(_State.OPEN, _State.PENDING)) & awake

    def _rest(self) -> list[Q]:
        now = timezone.now()
        conditions = {
            "etiqueta": Q(labels=self.etiqueta),
            "asesor": Q(assigned_to=self.asesor),
            "desde": Q(last_message_at__gte=_midnight(self.desde)),
            "hasta": Q(last_message_at__lt=_midnight(self.hasta, days=1)),
            "sin_leer": Q(unread_count__gt=0),
            "por_cerrar": Q(window_closes_at__gt=now, window_closes_at__lte=now + CLOSING),
            "atencion": ~Q(attention=""),
        }
        return [condition for name, condition in conditions.items() if getattr(self, name)]


TABS = (MINE, UNASSIGNED, ALL)


def states() -> dict[str, str]:
    """What can be asked for instead of the usual: neither resolved nor snoozed."""
    own = {state.value: str(state.label) for state in _State}
    return own | {SNOOZED: _("Pospuestas"), ANY: _("Cualquier estado")}


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


def of_cookie(text: str) -> ChatFilter:
    return ChatFilter.read(QueryDict(text[:500]).dict())


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def _date(text: str) -> dt.date | None:
    try:
        day = parse_date(text)
    except ValueError:  # well formed, but no such day
        return None
    return day if day and 2000 < day.year < 2200 else None


def _midnight(day: dt.date | None, days: int = 0) -> dt.datetime | None:
    if day is None:
        return None
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=days), dt.time()))
