"""Quick replies in the admin. Up here because their options and preview are those of rules."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.options_field import REPLY_LIMITS
from chatbot.quick_reply_forms import (
    QuickReplyForm,
    QuickReplyMediaForm,
    QuickReplyMediaFormSet,
    conflict_with,
)
from chatbot.rule_index import steps, titles, versions
from chatbot.rule_preview import preview_of
from conversations.models import QuickReply, QuickReplyMedia
from conversations.resources import ButtonFormat, QuickReplyResource
from conversations.sheet_admin import SheetAdmin
from tenants.context import atomic
from whapco.lib.text import normalize_option_id

QuickReplies = QuerySet[QuickReply]


class QuickReplyMediaInline(admin.StackedInline[QuickReplyMedia, QuickReply]):
    model = QuickReplyMedia
    form = QuickReplyMediaForm
    formset = QuickReplyMediaFormSet
    template = "admin/chatbot/rule/_medias.html"
    extra = 0
    verbose_name_plural = gettext_lazy("archivos")


@admin.register(QuickReply)
class QuickReplyAdmin(SheetAdmin):
    resource_classes = (QuickReplyResource,)
    sheet_format = ButtonFormat
    form = QuickReplyForm
    inlines = (QuickReplyMediaInline,)
    fieldsets = (
        (
            gettext_lazy("Cómo la encuentra el asesor"),
            {"fields": ("name", "category", "loaded")},
        ),
        (
            gettext_lazy("Qué envía"),
            {"classes": ("rule-what",), "fields": ("kind", "message", "options")},
        ),
    )
    change_form_template = "admin/conversations/quickreply/change_form.html"
    list_display = ("name", "category", "kind_word", "short_message")
    list_filter = ("category", "kind")
    list_per_page = 100
    ordering = ("category", "name", "pk")
    search_fields = ("name",)  # see get_search_results
    search_help_text = gettext_lazy("Nombre, mensaje, categoría y opciones; con o sin acentos.")
    actions = ("duplicate",)

    @admin.display(description=gettext_lazy("tipo"), ordering="kind")
    def kind_word(self, button: QuickReply) -> str:
        return str(dict(self.form.KINDS).get(button.kind, button.kind))

    @admin.display(description=gettext_lazy("mensaje"), empty_value="—")
    def short_message(self, button: QuickReply) -> str:
        text = " ".join(button.message.split())
        return text[:120] + "…" if len(text) > 120 else text

    def get_urls(self) -> list[URLPattern]:
        name = "conversations_quickreply"
        guard = self.admin_site.admin_view
        return [
            path("vista-previa/", guard(self.preview), name=f"{name}_preview"),
            path("<int:object_id>/duplicar/", guard(self.duplicate_one), name=f"{name}_duplicate"),
            *super().get_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuickReplies, search_term: str
    ) -> tuple[QuickReplies, bool]:
        wanted = normalize_option_id(search_term).split()
        if not wanted:
            return queryset, False
        rows = QuickReply.objects.values_list("pk", "options", "name", "message", "category")
        found = []
        for pk, options, *words in rows:
            text = normalize_option_id("\n".join([*words, *titles(options)]))
            if all(word in text for word in wanted):
                found.append(pk)
        return queryset.filter(pk__in=found), False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One at a time: what is compared must not change before it is written."""
        with atomic():
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return response

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuickReply | None:
        found: QuickReply | None = super().get_object(request, *args, **kwargs)
        if found is None or request.method != "POST":
            return found
        if not connections[str(found._state.db)].in_atomic_block:
            return found  # another page of the reply's: nothing is written
        return QuickReply.objects.select_for_update().get(pk=found.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        (medias,) = [each.formset for each in context["inline_admin_formsets"]]
        context["conflict"] = conflict_with(form, medias)
        context |= {
            "errors": helpers.AdminErrorList(form, [medias]),
            "steps": steps(versions()),
            "reply_limits": REPLY_LIMITS,
            "title": _("Editar respuesta rápida")
            if context["original"]
            else _("Nueva respuesta rápida"),
            "subtitle": None,
        }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def preview(self, request: HttpRequest) -> HttpResponse:
        """A fragment, as rule_preview.show_preview."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        context = vars(preview_of(request.POST, "message"))
        return render(request, "admin/chatbot/rule/_preview.html", context)

    def duplicate_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        with atomic():
            made = copy(get_object_or_404(QuickReply, pk=object_id))
        self.message_user(request, _("Esta es la copia."))
        return HttpResponseRedirect(
            reverse("admin:conversations_quickreply_change", args=[made.pk])
        )

    @admin.action(description=gettext_lazy("Duplicar"), permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuickReplies) -> None:
        with atomic():
            made = [copy(button) for button in queryset[:500]]
        self.message_user(request, _("Copias hechas: %(n)d.") % {"n": len(made)})


def copy(button: QuickReply) -> QuickReply:
    """The same under a name of its own, with its files."""
    medias = list(button.medias.order_by("position", "pk"))
    made = QuickReply.objects.get(pk=button.pk)
    made.pk, made._state.adding = None, True
    made.name = _("%(name)s (copia)") % {"name": button.name[:190]}
    made.save()
    for media in medias:
        media.pk, media.quick_reply, media._state.adding = None, made, True
        media.save()
    return made
