"""Pages for a request that reaches no company. Rendered without the request: nothing in them may
ask a database, because one of the reasons is that no database answers."""

from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

_RETRY_SECONDS = "30"


def unknown_company(key: str) -> HttpResponse:
    return _notice(404, _("Empresa desconocida"), no_such_company(key))


def no_such_company(key: str) -> str:
    return _("No se encontró la empresa '%(key)s'.") % {"key": key}


def two_companies() -> HttpResponse:
    reason = _("El encabezado y la dirección nombran empresas distintas.")
    return _notice(403, _("¿Cuál empresa?"), reason)


def in_maintenance() -> HttpResponse:
    """The company's database waits for `migrate_tenants`."""
    return _retry_later(HttpResponse(render_to_string("503.html"), status=503))


def no_database() -> HttpResponse:
    reason = _(
        "La base de datos no responde. Lo que escriben tus clientes no se pierde; vuelve a "
        "intentarlo en unos segundos."
    )
    return _retry_later(_notice(503, _("Un momento, por favor"), reason, may_retry=True))


def _notice(status: int, heading: str, reason: str, **more: Any) -> HttpResponse:
    context = {"heading": heading, "reason": reason, **more}
    return HttpResponse(render_to_string("tenants/notice.html", context), status=status)


def _retry_later(response: HttpResponse) -> HttpResponse:
    response["Retry-After"] = _RETRY_SECONDS
    return response
