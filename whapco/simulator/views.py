"""Django's door to the simulator: Meta's address, the phone page and its commands.

No model and no session is touched: this is Meta's side of the wire. Everything is 404 when
SIMULATOR_ENABLED is off.
"""

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from whapco.simulator import control, media, texts
from whapco.simulator.phone import PhoneError
from whapco.simulator.runtime import simulator

P = ParamSpec("P")

_SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp", "audio/", "video/")


def only_when_enabled(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.SIMULATOR_ENABLED:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@csrf_exempt
@only_when_enabled
def graph(request: HttpRequest, path: str) -> HttpResponse:
    """Meta's address. Reads the stream itself: files are larger than Django's limit for forms."""
    body = request.read(media.LARGEST + media.MB)
    query = {name: request.GET[name] for name in request.GET}
    answer = simulator().graph.handle(request.method or "GET", path, query, request.headers, body)
    time.sleep(answer.delay_seconds)
    if answer.drop:
        # A WSGI application cannot close the connection; a gateway's error says as little.
        return HttpResponse("<html>Bad gateway</html>", status=502)
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


@only_when_enabled
@never_cache
@ensure_csrf_cookie
@require_GET
def phone(request: HttpRequest) -> HttpResponse:
    return render(request, "simulator/phone.html", texts.for_template())


@only_when_enabled
@never_cache
@require_GET
def state(request: HttpRequest) -> HttpResponse:
    query = request.GET
    after = query.get("after", "0")
    if not after.isdigit():
        return _refusal(_("El parámetro after debe ser un número."))
    found = control.state(
        simulator(),
        query.get("number", ""),
        query.get("customer", ""),
        int(after),
        is_watched=query.get("watched") == "1",
    )
    return JsonResponse(found)


@only_when_enabled
@require_POST
def command(request: HttpRequest, name: str) -> HttpResponse:
    run = control.COMMANDS.get(name)
    if run is None:
        raise Http404
    try:
        data: Any = json.loads(request.body or b"{}")
        return JsonResponse(run(simulator(), data))
    except PhoneError as error:
        return _refusal(str(error))
    except (KeyError, TypeError, ValueError, AttributeError):
        return _refusal(_("La petición no tiene la forma esperada."))


@only_when_enabled
@require_POST
def send_file(request: HttpRequest) -> HttpResponse:
    """The body is the file itself; its name, caption and chat are in the query."""
    query = request.GET
    content = request.read(media.LARGEST + 1)
    if len(content) > media.LARGEST:
        return _refusal(_("El archivo pasa de 100 MB."))
    mime_type = (request.content_type or "application/octet-stream").lower()
    try:
        wamid = simulator().phone.file(
            query.get("number", ""),
            query.get("customer", ""),
            content,
            mime_type,
            filename=query.get("filename", ""),
            caption=query.get("caption", ""),
            voice=query.get("voice") == "1",
        )
    except PhoneError as error:
        return _refusal(str(error))
    return JsonResponse({"id": wamid})


@only_when_enabled
@require_GET
def show_file(request: HttpRequest, media_id: str) -> HttpResponse:
    stored = simulator().graph.media.find(media_id)
    if stored is None:
        raise Http404
    is_harmless = stored.mime_type.startswith(_SHOWN_INLINE)
    response = HttpResponse(
        stored.content, content_type=stored.mime_type if is_harmless else "application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline" if is_harmless else "attachment"
    return response


def _refusal(reason: str) -> HttpResponse:
    return JsonResponse({"error": reason}, status=400)
