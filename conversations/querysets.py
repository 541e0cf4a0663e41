"""Reads of chats and messages that several rooms share."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from tenants.context import current_tenant

if TYPE_CHECKING:
    from conversations.models import Conversation, Message  # noqa: F401  (type parameters)
    from tenants.models import User


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: "User") -> "ConversationQuerySet":
        """Admins see all; an agent the chats of their roles, their own, and (setting) nobody's."""
        if user.sees_all_chats:
            return self
        given = self.model.roles.through.objects.filter(conversation=OuterRef("pk"))
        mine = given.filter(role__in=user.roles.values("pk"))
        seen = Q(assigned_to=user.pk) | Q(Exists(mine))
        if current_tenant().config.agents_see_unassigned:
            seen |= Q(assigned_to=None) & ~Q(Exists(given))
        return self.filter(seen)

    def visible_row_by_row(self, user: "User") -> "ConversationQuerySet":
        """The same, asked of each row as it is read: for a page along an index. An EXISTS would
        have MariaDB read the roles of all chats first."""
        if user.sees_all_chats:
            return self
        given = self.model.roles.through.objects.filter(conversation=OuterRef("pk"))
        mine = given.filter(role__in=list(user.roles.values_list("pk", flat=True)))
        chats = self.annotate(_mine=Subquery(mine.values("pk")[:1]))
        seen = Q(assigned_to=user.pk) | Q(_mine__isnull=False)
        if current_tenant().config.agents_see_unassigned:
            chats = chats.annotate(_given=Subquery(given.values("pk")[:1]))
            seen |= Q(assigned_to=None, _given=None)
        return chats.filter(seen)

    def closing_within(self, span: timedelta) -> "ConversationQuerySet":
        """Chats that can still be answered, but only for so long; the most urgent first."""
        now = timezone.now()
        soon = self.filter(window_closes_at__gt=now, window_closes_at__lte=now + span)
        return soon.order_by("window_closes_at", "pk")


class MessageQuerySet(models.QuerySet["Message"]):
    def spoken(self) -> "MessageQuerySet":
        """Bubbles that the contact sees too: neither notes nor what agents did."""
        return self.bubbles().exclude(direction="own")

    def bubbles(self) -> "MessageQuerySet":
        """Messages shown as bubbles: reactions hang on another message."""
        return self.exclude(kind="reaction")
