"""Changed numbers and user ids, for a company's admins: what changed, and the way back."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import contact_changes
from conversations.models import ContactChange
from tenants.models import User


@admin.register(ContactChange)
class ContactChangeAdmin(admin.ModelAdmin[ContactChange]):
    """Read only: Meta's notices write here. The list is kept for half a year."""

    list_display = ("person", "when", "earlier", "later", "joined", "state")
    list_select_related = ("contact", "undone_by")
    list_display_links = None
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)  # as they came; by time MariaDB would sort them all
    actions = ("undo",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Cambios de número de los clientes"), **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("cliente"))
    def person(self, change: ContactChange) -> str:
        return str(change.contact)

    @admin.display(description=gettext_lazy("fecha"), ordering="at")
    def when(self, change: ContactChange) -> str:
        return _moment(change.at)

    @admin.display(description=gettext_lazy("antes"))
    def earlier(self, change: ContactChange) -> str:
        return _address(change.before)

    @admin.display(description=gettext_lazy("después"))
    def later(self, change: ContactChange) -> str:
        return _address(change.after)

    @admin.display(description=gettext_lazy("unió dos clientes"))
    def joined(self, change: ContactChange) -> str:
        return _("Sí") if change.merged else _("No")

    @admin.display(description=gettext_lazy("estado"))
    def state(self, change: ContactChange) -> str:
        if change.undone_at is None:
            return _("Vigente")
        who = change.undone_by.get_username() if change.undone_by else _("alguien")
        return _("Deshecho por %(who)s, %(when)s") % {"who": who, "when": _moment(change.undone_at)}

    @admin.action(description=gettext_lazy("Deshacer: era otra persona"))
    def undo(self, request: HttpRequest, changes: QuerySet[ContactChange]) -> None:
        assert isinstance(request.user, User)  # noqa: S101  (the admin lets nobody else in)
        done = 0
        for change in changes.select_related("contact").order_by("-pk"):
            try:
                contact_changes.undo(change, by=request.user)
                done += 1
            except contact_changes.CannotUndo as reason:
                self.message_user(request, f"{change}: {reason}", messages.ERROR)
        if done:
            text = _("Listo: cada cliente tiene otra vez su número y su chat.")
            self.message_user(request, text, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _moment(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def _address(values: Any) -> str:
    found = values if isinstance(values, dict) else {}
    return str(found.get("wa_id") or found.get("user_id") or "—")
