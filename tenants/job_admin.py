"""The periodic jobs, for superadmins: when each ran, and when it runs again. Nothing to change."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models import JobLease
from tenants.superadmins import SuperadminPages

TITLES: Final = {
    "sweep": _("Recoger mensajes que quedaron a medias"),
    "fetch_files": _("Traer de Meta los archivos que envían los clientes"),
    "transcribe": _("Pasar a texto las notas de voz que esperan"),
    "discard_unsent_files": _("Borrar archivos subidos que nadie envió"),
    "send_scheduled": _("Enviar los mensajes programados"),
    "keep_search_up": _("Poner al día la búsqueda"),
    "mend_search": _("Repasar la búsqueda entera"),
    "close_idle_sessions": _("Cerrar conversaciones inactivas"),
    "wake_bots": _("Devolver al bot los chats que un asesor dejó"),
    "wake_snoozed": _("Traer de vuelta los chats pospuestos"),
    "deal_out": _("Repartir los chats nuevos entre los asesores"),
    "check_numbers": _("Comprobar claves y números con Meta"),
    "forget_parked_statuses": _("Borrar recibos que ningún mensaje reclamó"),
    "forget_account_events": _("Borrar avisos antiguos de Meta"),
    "forget_rare_phrases": _("Borrar frases sin respuesta raras o antiguas"),
    "forget_undelivered": _("Borrar eventos sin entregar antiguos"),
    "forget_old_logins": _("Borrar sesiones terminadas e intentos de entrada"),
}
_LATE: Final = timedelta(seconds=60)  # beyond its time; a run of many companies takes a while


@admin.register(JobLease)
class JobAdmin(SuperadminPages):
    list_display = ("job", "state", "last_run", "next_run", "error", "process")
    list_display_links = None
    list_per_page = 100
    show_full_result_count = False
    ordering = ("name",)

    @admin.display(description=_("tarea"), ordering="name")
    def job(self, lease: JobLease) -> str:
        return str(TITLES.get(lease.name, lease.name))

    @admin.display(description=_("estado"))
    def state(self, lease: JobLease) -> SafeString:
        return format_html('<span class="badge badge--{}">{}</span>', *state_of(lease))

    @admin.display(description=_("última vez"), ordering="last_run_at")
    def last_run(self, lease: JobLease) -> str:
        return _moment(lease.last_run_at) or gettext("nunca")

    @admin.display(description=_("próxima vez"))
    def next_run(self, lease: JobLease) -> str:
        return _moment(next_run_at(lease)) or "-"

    @admin.display(description=_("último error"))
    def error(self, lease: JobLease) -> str:
        return lease.last_error or "-"

    @admin.display(description=_("proceso"))
    def process(self, lease: JobLease) -> str:
        return lease.owner or "-"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("Tareas periódicas"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        """The list alone: there is no more to a job than its row."""
        return [url for url in super().get_urls() if url.name == "tenants_joblease_changelist"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def next_run_at(lease: JobLease) -> datetime | None:
    """None: not known, as of a job that never ran."""
    if lease.last_run_at is None or not lease.every_seconds:
        return None
    return lease.last_run_at + timedelta(seconds=lease.every_seconds)


def state_of(lease: JobLease) -> tuple[str, str]:
    """Kind and word."""
    now, due = timezone.now(), next_run_at(lease)
    if lease.until is not None and lease.until > now:
        return "on", gettext("en marcha")
    if due is not None and due + _LATE < now:
        return "bad", gettext("atrasada: ningún proceso la hace")
    if lease.last_error:
        return "warn", gettext("con errores")
    return "on", gettext("al día")


def _moment(moment: datetime | None) -> str:
    """To the second: some run every ten."""
    return date_format(timezone.localtime(moment), "d/m/Y H:i:s") if moment else ""
