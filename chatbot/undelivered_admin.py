"""What Meta sent for numbers that no company had, for superadmins: look, hand over, throw away."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Max, Min
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from chatbot import undelivered, undelivered_words
from chatbot.undelivered import Events
from chatbot.undelivered_filters import NO_NUMBER, AgeFilter, NumberFilter, ReasonFilter, of_number
from tenants.models import UndeliveredEvent
from tenants.superadmins import SuperadminPages, company_link

REPLAYED_AT_ONCE = 1000  # somebody waits for the page
_JSON_SHOWN = 100_000  # characters
_TEMPLATES = "admin/tenants/undeliveredevent"


class _Page(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        undelivered.read_owners(self.result_list)


@admin.register(UndeliveredEvent)
class UndeliveredAdmin(SuperadminPages):
    list_display = ("received", "number", "company", "why", "what")
    list_filter = (NumberFilter, ReasonFilter, AgeFilter)
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count the table once for each choice
    search_fields = ("phone_number_id", "waba_id", "body__item__from_wa_id", "body__item__id")
    search_help_text = _("Número, cuenta, teléfono del cliente o id del mensaje.")
    ordering = ("-pk",)
    fields = ("received", "number", "account", "company", "why", "what")
    readonly_fields = fields
    actions = ("replay_selected", "delete_for_good")

    @admin.display(description=_("llegó"), ordering="pk")
    def received(self, event: UndeliveredEvent) -> str:
        return date_format(localtime(event.received_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("id del número"), ordering="phone_number_id")
    def number(self, event: UndeliveredEvent) -> str:
        return event.phone_number_id or "-"

    @admin.display(description=_("id de la cuenta (WABA)"))
    def account(self, event: UndeliveredEvent) -> str:
        return event.waba_id or "-"

    @admin.display(description=_("empresa ahora"))
    def company(self, event: UndeliveredEvent) -> str:
        owner = undelivered.owner_of(event)
        return company_link(owner) if owner else gettext("Ninguna todavía")

    @admin.display(description=_("motivo"))
    def why(self, event: UndeliveredEvent) -> str:
        return undelivered_words.why(event)

    @admin.display(description=_("contenido"))
    def what(self, event: UndeliveredEvent) -> str:
        return undelivered_words.what(event)

    def get_queryset(self, request: HttpRequest) -> Events:
        """Without the bodies, which reach 3 MB, but for what the list tells of them."""
        told: dict[str, Any] = {
            "type": KT("body__type"),
            "kind": KT("body__item__kind"),
            "phone": KT("body__item__from_wa_id"),
            "user_id": KT("body__item__from_user_id"),
            "status": KT("body__item__status"),
            "recipient": KT("body__item__recipient_id"),
            "field": KT("body__item__field"),
        }
        events: Events = super().get_queryset(request).defer("body").annotate(**told)
        return events

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _Page

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "tenants_undeliveredevent"
        return [
            path("entregar/", guard(self.replay_number), name=f"{name}_replay_number"),
            path("<int:pk>/entregar/", guard(self.replay_one), name=f"{name}_replay"),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Django's own deletion reads every row, and lists them all on its page."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "keep_days": settings.UNDELIVERED_KEEP_DAYS,
            "number": request.GET.get("numero"),
            "title": gettext("Eventos sin entregar"),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        event = context["original"]
        same = undelivered.waiting().filter(phone_number_id=event.phone_number_id)
        context |= {
            "same_number": same.count() if event.phone_number_id else 0,
            "body": _pretty(event.body),
            "title": gettext("Evento sin entregar"),
            "subtitle": None,
        }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @admin.action(description=_("Volver a entregar"))
    def replay_selected(self, request: HttpRequest, queryset: Events) -> None:
        self._replay(request, queryset.defer(None))

    @method_decorator(require_POST)
    def replay_number(self, request: HttpRequest) -> HttpResponse:
        """All of one number."""
        number = request.POST.get("numero", "")
        self._replay(request, of_number(undelivered.waiting(), number))
        return HttpResponseRedirect(_list_of(number))

    @method_decorator(require_POST)
    def replay_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        event = get_object_or_404(UndeliveredEvent, pk=pk)
        self._replay(request, UndeliveredEvent.objects.filter(pk=event.pk))
        return HttpResponseRedirect(_list_of(event.phone_number_id or NO_NUMBER))

    @admin.action(description=_("Borrar para siempre"), permissions=["delete"])
    def delete_for_good(self, request: HttpRequest, queryset: Events) -> HttpResponse | None:
        """Asks first; what arrives between the question and the answer stays."""
        newest = request.POST.get("newest", "")
        if newest.isdecimal() and len(newest) <= 18:
            count = undelivered.delete(queryset.filter(pk__lte=int(newest)))
            said = ngettext("Se borró %(n)d evento.", "Se borraron %(n)d eventos.", count)
            messages.success(request, said % {"n": count})
            return None
        return self._ask_whether_to_delete(request, queryset)

    def _ask_whether_to_delete(self, request: HttpRequest, queryset: Events) -> HttpResponse:
        facts = queryset.order_by().aggregate(
            count=Count("pk"), newest=Max("pk"), since=Min("received_at"), until=Max("received_at")
        )
        asked = {
            "title": gettext("Borrar para siempre"),
            "facts": facts,
            "opts": self.opts,
            "all": request.POST.get("select_across", "0"),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        context = self.admin_site.each_context(request) | asked
        return TemplateResponse(request, f"{_TEMPLATES}/delete_for_good.html", context)

    def _replay(self, request: HttpRequest, events: Events) -> None:
        done = undelivered.replay(events, at_most=REPLAYED_AT_ONCE)
        told = undelivered_words.told(done)
        messages.add_message(
            request, messages.SUCCESS if done.delivered else messages.WARNING, told
        )
        for failure in undelivered_words.failures(done):
            messages.error(request, failure)


def _pretty(body: dict[str, Any]) -> str:
    """What Meta sent, without what we made of it."""
    return json.dumps(body.get("raw", body), indent=2, ensure_ascii=False)[:_JSON_SHOWN]


def _list_of(number: str) -> str:
    """The list, of that number while it has anything left."""
    address = reverse("admin:tenants_undeliveredevent_changelist")
    is_left = of_number(UndeliveredEvent.objects.all(), number).exists()
    return f"{address}?{urlencode({'numero': number})}" if number and is_left else address
