"""Deals the chats that wait for a role out among its agents: in turns, to those who are there and
have room. One process at a time does it in a company: the rows of the roles are the lock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from conversations.assigning import name_of
from conversations.models import AgentDesk, Conversation, RoleDesk
from conversations.own_rows import add_event
from conversations.presence import PRESENT
from tenants.context import atomic
from tenants.models import User

MOST_AT_ONCE = 200  # chats of one role in one transaction
State = Conversation.State


@dataclass
class Seat:
    """An agent who is there. `turn`: when they were last given a chat."""

    user: User
    load: int
    own_limit: int | None
    turn: datetime | None

    def has_room(self, role_limit: int) -> bool:
        return self.load < (role_limit if self.own_limit is None else self.own_limit)


def deal_out() -> bool:
    """Whether the company deals chats out at all."""
    if not RoleDesk.objects.filter(deals_out=True).exists():
        return False
    with atomic():
        desks = RoleDesk.objects.select_for_update().filter(deals_out=True).order_by("pk")
        roles = list(desks)
        seats = _seats(role.pk for role in roles)
        for role in roles:
            _deal_role(role, seats.get(role.pk, []))
    return True


def waiting_for(role_id: int) -> list[int]:
    """The chats of a role that wait for a person, the longest first."""
    chats = Conversation.objects.filter(
        handler=Conversation.Handler.AGENT, assigned_to=None, state=State.OPEN, roles=role_id
    )
    awake = chats.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now()))
    in_turn = awake.order_by("agent_spoke_at", "pk")
    return list(in_turn.values_list("pk", flat=True)[:MOST_AT_ONCE])


def _deal_role(role: RoleDesk, seats: list[Seat]) -> None:
    if not any(seat.has_room(role.chat_limit) for seat in seats):
        return
    for chat in waiting_for(role.pk):
        free = [seat for seat in seats if seat.has_room(role.chat_limit)]
        if not free:
            return
        _give(chat, min(free, key=_turn))


def _turn(seat: Seat) -> tuple[float, int]:
    """Whose turn it is: who was given one the longest ago."""
    return (seat.turn.timestamp() if seat.turn else 0.0, seat.user.pk)


def _give(chat: int, seat: Seat) -> None:
    """Unless somebody has taken it meanwhile."""
    free = Conversation.objects.filter(pk=chat, assigned_to=None)
    if not free.update(assigned_to=seat.user):
        return
    now = timezone.now()
    if seat.turn is not None and now <= seat.turn:  # two within a tick of the clock
        now = seat.turn + timedelta(microseconds=1)
    AgentDesk.objects.filter(pk=seat.user.pk).update(last_given_at=now)
    seat.turn, seat.load = now, seat.load + 1
    add_event(Conversation(pk=chat), "dealt", to=name_of(seat.user))


def _seats(roles: Iterable[int]) -> dict[int, list[Seat]]:
    """By role. An agent of two roles has one seat in both."""
    now, wanted = timezone.now(), list(roles)
    there = AgentDesk.objects.filter(seen_at__gt=now - PRESENT, is_away=False)
    desks = there.filter(user__is_active=True, user__roles__in=wanted).distinct()
    found = {desk.pk: desk for desk in desks.select_related("user")}
    loads = _loads(list(found))
    seats = {
        pk: Seat(desk.user, loads.get(pk, 0), desk.chat_limit, desk.last_given_at)
        for pk, desk in found.items()
    }
    members = User.roles.through.objects.filter(role__in=wanted, user__in=list(found))
    by_role: dict[int, list[Seat]] = {role: [] for role in wanted}
    for role, user in members.values_list("role_id", "user_id"):
        by_role[role].append(seats[user])
    return by_role


def _loads(users: list[int]) -> dict[int, int]:
    """How many chats each has to see to."""
    theirs = Conversation.objects.filter(assigned_to__in=users).exclude(state=State.RESOLVED)
    awake = theirs.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now()))
    counted = awake.order_by().values("assigned_to").annotate(count=Count("pk"))
    return dict(counted.values_list("assigned_to", "count"))
