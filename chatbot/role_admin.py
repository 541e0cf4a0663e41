"""The roles of a company, edited by its admins. Up here because chats and rules use them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chatbot.models import Rule
from conversations.desk_admin import RoleDeskInline
from conversations.models import Conversation
from tenants.context import current_tenant
from tenants.models import Role
from tenants.user_forms import RoleForm

SEEDED = (Role.ADMIN, Role.AGENT)


@admin.register(Role)
class RoleAdmin(admin.ModelAdmin[Role]):
    """`superadmin` does not exist here. Deleting a role asks, and says what becomes of its people
    and chats; a role that rules name stays, because they would give their chats to nobody."""

    form = RoleForm
    fields = ("name", "keyword")
    list_display = ("name", "keyword", "people")
    ordering = ("name",)
    inlines = (RoleDeskInline,)

    @admin.display(description=gettext_lazy("personas"))
    def people(self, role: Role) -> str:
        return _people(role)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        roles = super().get_queryset(request).exclude(keyword=Role.SUPERADMIN)
        return roles.prefetch_related("users")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Roles go one at a time: each has its own consequences to read."""
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        is_seeded = obj is not None and obj.keyword in SEEDED
        return not is_seeded and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """For the page that asks: consequences, and what stands in the way."""
        losses = [loss for role in objs for loss in consequences(role)]
        return losses, {}, set(), [reason for role in objs for reason in in_the_way(role)]


def in_the_way(role: Role) -> Iterator[str]:
    rules = Rule.objects.filter(role_keyword__iexact=role.keyword).count()
    if rules:
        yield ngettext(
            "%(count)d regla le da chats a este rol.",
            "%(count)d reglas le dan chats a este rol.",
            rules,
        ) % {"count": rules}


def consequences(role: Role) -> Iterator[str]:
    people = _people(role)
    if people:
        yield _("Pierden el rol: %(people)s.") % {"people": people}
    chats = Conversation.objects.filter(roles=role).count()
    if not chats:
        return
    yield ngettext(
        "%(count)d chat pierde este rol.", "%(count)d chats pierden este rol.", chats
    ) % {"count": chats}
    if current_tenant().config.agents_see_unassigned:
        yield _("Los que no queden con otro rol ni con un asesor los verán todos los asesores.")
    else:
        yield _("Los que no queden con otro rol ni con un asesor los verán solo administradores.")


def _people(role: Role) -> str:
    return ", ".join(sorted(user.get_username() for user in role.users.all()))
