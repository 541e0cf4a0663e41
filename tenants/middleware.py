"""Enters the company of each request, and lets in only that company's people."""

import logging
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase, StreamingHttpResponse

from tenants import registry
from tenants.context import current_tenant, has_tenant, tenant_context
from tenants.databases import is_outage
from tenants.models import Tenant, User
from tenants.notices import in_maintenance, no_database, two_companies, unknown_company
from tenants.resolution import Enter, Refuse, resolve
from tenants.schema import control_is_current, is_behind
from tenants.sessions import may_enter, may_work, request_cookie
from tenants.subscription import ended
from whapco.lib.fields import DecryptError

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]

CHANGE_PASSWORD_PATH = "/cambiar-clave"  # noqa: S105  (an address)
_FREE_OF_PAYMENT = ("/logout", "/login")
_FREE_OF_PASSWORD_CHANGE = (CHANGE_PASSWORD_PATH, *_FREE_OF_PAYMENT)
# These find the company themselves (the webhook, the event stream) or have none.
_WITHOUT_COMPANY = ("/webhook", "/eventos", "/health", "/simulador", "/static")


class TenantMiddleware:
    """Puts the whole request, its streamed body too, in the context of its company."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _has_no_company(request):
            return self.get_response(request)
        try:
            found = find_company(request)
        except Exception as error:
            if not is_outage(error):
                raise
            return _report_outage(error)
        if isinstance(found, HttpResponse):
            return found
        with tenant_context(found):
            request.tenant = found  # type: ignore[attr-defined]
            response = self.get_response(request)
        return _stream_in_context(response, found)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """A view's database did not answer. The webhook answers for itself: Meta must retry."""
        if _has_no_company(request) or not is_outage(exception):
            return None
        return _report_outage(exception)


class TenantUserMiddleware:
    """The third wall: a user of another database is nobody. Also stops the users of a company
    whose paid time is over, and asks for the new password that seeded users owe."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not has_tenant():
            return self.get_response(request)
        try:
            user = _admitted(request)
        except Exception as error:
            if not is_outage(error):
                raise
            return _report_outage(error)
        if user is None:
            request.user = AnonymousUser()
        elif not may_work(current_tenant(), user) and not _is_at(request, _FREE_OF_PAYMENT):
            return ended(request, current_tenant())
        elif user.owes_new_password and not _is_at(request, _FREE_OF_PASSWORD_CHANGE):
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{CHANGE_PASSWORD_PATH}?{query}")
        return self.get_response(request)


def find_company(request: HttpRequest) -> Tenant | HttpResponse:
    """The company of the request, ready to serve it; else the page that says why not."""
    if not control_is_current():
        return in_maintenance()
    decision = read_decision(request)
    if isinstance(decision, Refuse):
        return two_companies() if decision.status == 403 else unknown_company(decision.key)
    tenant = registry.by_key(decision.key) if decision.key else registry.control_scope()
    if tenant is None:
        return unknown_company(decision.key)
    return in_maintenance() if is_behind(tenant) else tenant


def read_decision(request: HttpRequest) -> Enter | Refuse:
    """What header, query, cookie and DEFAULT_TENANT of this request come to."""
    cookie = request_cookie(request)
    return resolve(
        header=request.headers.get(settings.TENANT_HEADER, ""),
        query=request.GET.getlist("tenant"),
        cookie=cookie.tenant_key if cookie else "",
        default=_default_key(),
        is_known=lambda key: registry.by_key(key) is not None,
    )


def _default_key() -> str:
    """A suspended default company leaves the control scope open, for the superadmins."""
    key = str(settings.DEFAULT_TENANT)
    tenant = registry.by_key(key, include_inactive=True) if key else None
    return key if tenant is None or tenant.active else ""


def _has_no_company(request: HttpRequest) -> bool:
    path = request.path_info
    return any(path == door or path.startswith(f"{door}/") for door in _WITHOUT_COMPANY)


def _admitted(request: HttpRequest) -> User | None:
    user = request.user
    if not isinstance(user, User) or not may_enter(current_tenant(), user):
        return None
    return user


def _is_at(request: HttpRequest, paths: tuple[str, ...]) -> bool:
    return request.path_info.rstrip("/") in paths


def _report_outage(error: Exception) -> HttpResponse:
    if isinstance(error, DecryptError):
        logger.error("A company's secrets do not open with FIELD_KEYS")
        return in_maintenance()
    logger.error("A database does not answer", exc_info=error)
    return no_database()


def _stream_in_context(response: HttpResponseBase, tenant: Tenant) -> HttpResponseBase:
    """A streamed body is produced after the middleware returned: enter the context again for
    each piece. Files need no company, and async bodies do not occur behind WSGI."""
    if not isinstance(response, StreamingHttpResponse) or isinstance(response, FileResponse):
        return response
    if not response.is_async:
        response.streaming_content = _pieces(iter(response), tenant)
    return response


def _pieces(pieces: Iterable[bytes], tenant: Tenant) -> Iterator[bytes]:
    iterator = iter(pieces)
    while True:
        with tenant_context(tenant):
            piece = next(iterator, None)
        if piece is None:
            return
        yield piece
