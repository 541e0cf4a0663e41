"""A URLconf of addresses with holes of every kind, and an honest one: what the walk must tell
apart."""

from io import BytesIO
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from openpyxl import Workbook

from conversations.models import Contact
from conversations.views import visible_chat
from tenants.context import tenant_context
from tenants.models import Tenant

INNOCENT = "Todo está en orden."


def _of_b() -> Any:
    """The second company's contact, whoever asks."""
    tenant = Tenant.objects.order_by("-pk")[0]
    with tenant_context(tenant):
        return Contact.objects.order_by("pk")[0]


@login_required
def in_the_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>{_of_b().alias}</p>")


@login_required
def cut_short(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_of_b().alias[:9] + "…")


@login_required
def in_groups(request: HttpRequest) -> HttpResponse:
    digits = _of_b().wa_id
    return HttpResponse(f"+{digits[:2]} {digits[2:5]}&nbsp;{digits[5:8]}-{digits[8:]}")


@login_required
def in_a_header(request: HttpRequest) -> HttpResponse:
    name = f'attachment; filename="{_of_b().alias}.pdf"'
    return HttpResponse(INNOCENT, headers={"Content-Disposition": name})


@login_required
def in_a_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["nombre: ", _of_b().alias]))


@login_required
def in_a_sheet(request: HttpRequest) -> HttpResponse:
    book, file = Workbook(), BytesIO()
    book.active.append([_of_b().alias])
    book.save(file)
    return HttpResponse(file.getvalue(), content_type="application/vnd.ms-excel")


@login_required
def changes(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        contact = _of_b()
        contact.username = f"{contact.username}x"
        contact.save()
    return HttpResponse(INNOCENT)


def changes_for_strangers(request: HttpRequest) -> HttpResponse:
    """The first time only."""
    contact = _of_b()
    if request.method == "POST":
        contact.profile_name = "otro"
        contact.save()
    return HttpResponse(status=404)


def open_to_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse(INNOCENT)


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("se rompió")


@login_required
def honest(request: Any, conversation_id: int) -> HttpResponse:
    return HttpResponse(visible_chat(request, conversation_id).contact.alias)


shapes = [
    path("pagina/", in_the_page),
    path("cortado/", cut_short),
    path("grupos/", in_groups),
    path("cabecera/", in_a_header),
    re_path(r"^chorro/$", in_a_stream),
    path("hoja/", in_a_sheet),
]
urlpatterns = [
    path("login", open_to_all, name="login"),
    path("formas/", include((shapes, "formas"))),
    path("cambia/", changes),
    path("una-vez/", changes_for_strangers),
    path("abierta/", open_to_all),
    path("rota/", broken),
    path("honesta/<int:conversation_id>/", honest),
]
