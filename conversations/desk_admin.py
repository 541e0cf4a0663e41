"""How many chats people take, on the pages of roles and people: who edits those edits these."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from conversations.models import AgentDesk, RoleDesk
from tenants.user_admin import PersonAdmin

MOST_CHATS = 500


class RoleDeskForm(forms.ModelForm):  # type: ignore[type-arg]
    chat_limit = forms.IntegerField(
        label=_("Chats por asesor"),
        min_value=1,
        max_value=MOST_CHATS,
        initial=10,
        help_text=_(
            "Quien tenga tantos chats sin resolver no recibe más hasta que termine alguno."
        ),
    )

    class Meta:
        model = RoleDesk
        fields = ("deals_out", "chat_limit")
        labels = {"deals_out": _("Repartir los chats nuevos")}
        help_texts = {
            "deals_out": _("Por turnos, entre los asesores del rol que estén disponibles."),
        }


class AgentDeskForm(forms.ModelForm):  # type: ignore[type-arg]
    chat_limit = forms.IntegerField(
        label=_("Chats a la vez"),
        min_value=0,
        max_value=MOST_CHATS,
        required=False,
        help_text=_("Vacío: los que diga su rol. Con 0 no recibe chats por reparto."),
    )

    class Meta:
        model = AgentDesk
        fields = ("chat_limit",)


class DeskFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """A page that was opened before desks were on it changes none."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        prefix = kwargs.get("prefix") or self.get_default_prefix()
        if data is not None and f"{prefix}-TOTAL_FORMS" not in data:
            none = {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
            data = data.dict() | none
        super().__init__(data, *args, **kwargs)


class _DeskInline(admin.StackedInline[Any, Any]):
    """One desk, that goes with its owner."""

    formset = DeskFormSet

    can_delete = False
    max_num = 1

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True  # of a page that only admins of the company open

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return True


class RoleDeskInline(_DeskInline):
    model = RoleDesk
    form = RoleDeskForm
    verbose_name = verbose_name_plural = _("Reparto de chats")


class AgentDeskInline(_DeskInline):
    model = AgentDesk
    form = AgentDeskForm
    fk_name = "user"
    verbose_name = verbose_name_plural = _("Reparto de chats")


PersonAdmin.inlines = (AgentDeskInline,)
