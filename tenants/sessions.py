"""Sessions in the company's database, behind a cookie that opens only with its own company.

The cookie is `<company key>:<session key>:<signature>`. This module is also the SESSION_ENGINE.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

from tenants import registry
from tenants.connections import close_old
from tenants.context import current_tenant, has_tenant, tenant_context
from tenants.databases import is_outage
from tenants.models import Tenant, User
from tenants.schema import is_behind

_signer = Signer(salt="tenants.sessions")
_RENEWED_AT = "renewed_at"
_RENEWALS = 48  # within an idle time: with 12 hours, a write every 15 minutes


@dataclass(frozen=True)
class Cookie:
    """What a cookie with our signature says."""

    tenant_key: str
    session_key: str

    def __str__(self) -> str:
        return _signer.sign(f"{self.tenant_key}:{self.session_key}")


def open_cookie(text: str) -> Cookie | None:
    """None for a cookie that we did not write."""
    try:
        tenant_key, _, session_key = _signer.unsign(text).partition(":")
    except BadSignature:
        return None
    return Cookie(tenant_key, session_key)


def request_cookie(request: HttpRequest) -> Cookie | None:
    return open_cookie(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))


class InMaintenance(Exception):
    """The company's database waits for an update: nobody can be looked up in it."""


def holder_of_session(cookie_text: str) -> tuple[Tenant, User] | None:
    """Whose logged-in session this cookie opens, for doors outside Django's middleware (the event
    stream). None when nobody's, or no longer. Raises InMaintenance."""
    close_old()
    cookie = open_cookie(cookie_text)
    tenant = registry.by_key(cookie.tenant_key) if cookie else None
    if cookie is None or tenant is None or tenant.key != cookie.tenant_key:
        return None
    if is_behind(tenant):
        raise InMaintenance
    request = HttpRequest()
    with tenant_context(tenant):
        request.session = SessionStore(cookie.session_key)
        user = get_user(request)
        if not isinstance(user, User) or not is_at_work(tenant, user):
            return None
        return tenant, user


def is_at_work(tenant: Tenant, user: User) -> bool:
    """Whether a logged-in user may see the company's chats now."""
    return may_enter(tenant, user) and may_work(tenant, user) and not user.owes_new_password


def start_afresh(request: HttpRequest, tenant: Tenant) -> None:
    """Before a login in `tenant`: end the session the page was shown in, also a logged-in one and
    another company's, so that neither its key nor anything in it goes along."""
    request.session.flush()
    _end_session_of(request_cookie(request))
    request.session = SessionStore(None, tenant)


def _end_session_of(cookie: Cookie | None) -> None:
    """The browser is about to lose this cookie: nobody who has a copy goes on with it."""
    try:
        owner = registry.by_key(cookie.tenant_key, include_inactive=True) if cookie else None
        if cookie is not None and owner is not None:
            SessionStore(cookie.session_key, owner).delete()
    except Exception as error:
        if not is_outage(error):  # a company that is away does not shut people out of another
            raise


def may_enter(tenant: Tenant, user: User) -> bool:
    """Whether a logged-in user is one of this company's. A suspended company that shares the
    control database lets in superadmins alone."""
    if user._state.db != tenant.alias:
        return False
    return tenant.active or user.is_installation_superadmin


def may_work(tenant: Tenant, user: User) -> bool:
    """Not in a company whose paid time is over; superadmins see to it that it goes on."""
    return not tenant.is_unpaid or user.is_installation_superadmin


class SessionStore(DatabaseStore):
    """A session of one company, whichever company is active when it is read or saved.

    Made without a company active it is an empty session that cannot be saved.
    """

    def __init__(self, session_key: str | None = None, tenant: Tenant | None = None) -> None:
        self.tenant = tenant or (current_tenant() if has_tenant() else None)
        super().__init__(session_key)

    def load(self) -> dict[str, Any]:
        with self._scope():
            return super().load()

    def exists(self, session_key: str) -> bool:
        with self._scope():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:
        with self._scope():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        with self._scope():
            super().delete(session_key)

    @property
    def has_user(self) -> bool:
        return SESSION_KEY in self

    def renew(self) -> None:
        """Somebody is there: the idle time begins anew. Not at every request, which would write."""
        now = time.time()
        if now - self.get(_RENEWED_AT, 0) >= settings.SESSION_COOKIE_AGE / _RENEWALS:
            self[_RENEWED_AT] = now

    def _scope(self) -> AbstractContextManager[object]:
        return tenant_context(self.tenant) if self.tenant else nullcontext()


class TenantSessionMiddleware(SessionMiddleware):
    """Opens a session only with a cookie of the active company.

    A stranger, whose cookie is of another company, keeps that cookie untouched until a login.
    A session ends when its user did nothing for SESSION_COOKIE_AGE; what an open page fetches by
    itself (X-Background, static/js/net.js) is nothing that the user did.
    """

    def process_request(self, request: HttpRequest) -> None:
        cookie = request_cookie(request)
        is_own = has_tenant() and cookie and cookie.tenant_key == current_tenant().key
        request.session = SessionStore(cookie.session_key if cookie and is_own else None)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        session = request.session
        if not isinstance(session, SessionStore) or session.tenant is None:
            return response
        cookie = request_cookie(request)
        is_stranger = cookie is not None and cookie.tenant_key != session.tenant.key
        if is_stranger and not session.has_user:
            return response
        is_by_itself = "X-Background" in request.headers
        if response.status_code < 500 and not is_by_itself and session.has_user:
            session.renew()
        response = super().process_response(request, response)
        morsel = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if morsel is not None and morsel.value:
            text = str(Cookie(session.tenant.key, morsel.value))
            morsel.set(settings.SESSION_COOKIE_NAME, text, text)
        return response
