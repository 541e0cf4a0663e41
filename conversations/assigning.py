"""Who has a chat: a person, a role, nobody. Acts take many chats at once, note in each what was
done and return those that changed."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from conversations.models import Conversation
from conversations.own_rows import add_event
from tenants.context import atomic
from tenants.models import Role, User


def assign(
    chats: Iterable[Conversation], to: User | None, *, agent: User | None
) -> list[Conversation]:
    """Give the chats to a person, or to nobody."""
    with atomic():
        changed = [chat for chat in chats if _give(chat, to)]
        for chat in changed:
            _tell(chat, to, agent)
    return changed


def give_to_role(
    chats: Iterable[Conversation], role: Role, *, agent: User | None
) -> list[Conversation]:
    """Give the chats to a role alone, and to none of its people yet."""
    changed = []
    with atomic():
        for chat in chats:
            was_assigned = _give(chat, None)
            if set(chat.roles.values_list("pk", flat=True)) == {role.pk} and not was_assigned:
                continue
            chat.roles.set([role])
            add_event(chat, "roles", agent=agent, to=role.name)
            changed.append(chat)
    return changed


def take_if_free(chat: Conversation, agent: User) -> bool:
    """Whether nobody had the chat: it is the agent's now."""
    free = Conversation.objects.filter(pk=chat.pk, assigned_to=None)
    if not free.update(assigned_to=agent):
        return False
    chat.assigned_to = agent
    add_event(chat, "taken", agent=agent)
    return True


def assignable() -> QuerySet[User]:
    """The people a chat can be given to, by name: having it lets them see it."""
    return User.objects.filter(is_active=True).order_by("first_name", "username")


def assignable_roles() -> QuerySet[Role]:
    return Role.objects.exclude(keyword=Role.SUPERADMIN).order_by("name")


def name_of(user: User) -> str:
    """As colleagues call them."""
    return user.get_full_name() or user.get_username()


def _give(chat: Conversation, to: User | None) -> bool:
    """Whether it was somebody else's."""
    others = ~Q(assigned_to=None) if to is None else Q(assigned_to=None) | ~Q(assigned_to=to)
    chat.assigned_to = to
    return bool(Conversation.objects.filter(others, pk=chat.pk).update(assigned_to=to))


def _tell(chat: Conversation, to: User | None, agent: User | None) -> None:
    if to is None:
        add_event(chat, "unassigned", agent=agent)
    elif to == agent:
        add_event(chat, "taken", agent=agent)
    else:
        add_event(chat, "assigned", agent=agent, to=name_of(to))
