"""Entering a company, leaving it, and choosing one's own password."""

from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tenants import registry
from tenants.context import atomic, current_tenant, tenant_context
from tenants.forms import LoginForm, NewPasswordForm
from tenants.logins import is_locked_out, lockout_sentence
from tenants.middleware import read_decision
from tenants.models import Tenant, User
from tenants.notices import in_maintenance, no_such_company
from tenants.resolution import Enter
from tenants.schema import is_behind
from tenants.sessions import may_enter, start_afresh


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """The company typed in the form, else the one the request names, else control."""
    if request.method == "GET":
        return _login_page(request, LoginForm(initial={"company": _named_company(request)}))
    form = LoginForm(request.POST)
    if not form.is_valid():
        return _login_page(request, form, status=422)
    key = form.cleaned_data["company"] or _explicit_company(request)
    tenant = registry.by_key(key) if key else registry.control_scope()
    if tenant is None:
        form.add_error("company", no_such_company(key))
        return _login_page(request, form, status=422)
    if is_behind(tenant):
        return in_maintenance()
    if not _enter(request, tenant, form):
        return _refuse(request, form)
    return HttpResponseRedirect(_next_address(request))


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(settings.LOGIN_URL)


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  (login_required; tells mypy)
    form = NewPasswordForm(user, request.POST or None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "tenants/change_password.html", {"form": form}, status=status)
    with atomic():
        user.must_change_password = False
        form.save()
    update_session_auth_hash(request, user)
    return HttpResponseRedirect(_next_address(request))


def _enter(request: HttpRequest, tenant: Tenant, form: LoginForm) -> bool:
    """Log in to `tenant`, whatever company the page was asked in."""
    with tenant_context(tenant):
        user = authenticate(
            request,
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password"],
        )
        if not isinstance(user, User) or not may_enter(tenant, user):
            return False
        start_afresh(request, tenant)
        login(request, user)
    return True


def _refuse(request: HttpRequest, form: LoginForm) -> HttpResponse:
    """The same answer whether or not there is such a user."""
    if is_locked_out(request):
        form.add_error(None, lockout_sentence())
        return _login_page(request, form, status=429)
    form.add_error(None, _("El usuario o la contraseña no son correctos en esta empresa."))
    return _login_page(request, form, status=422)


def _login_page(request: HttpRequest, form: LoginForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "company": current_tenant().name, "next": _asked_address(request)}
    return render(request, "tenants/login.html", context, status=status)


def _named_company(request: HttpRequest) -> str:
    """What to write in the form: the company of the address the visitor wanted, or of this one."""
    tenant = current_tenant()
    own = "" if tenant.key == registry.control_scope().key else tenant.key
    return _company_in(_asked_address(request)) or own


def _company_in(address: str) -> str:
    try:
        query = urlsplit(address).query
    except ValueError:  # anybody can ask for `/login?next=//[`
        return ""
    return parse_qs(query).get("tenant", [""])[-1]


def _explicit_company(request: HttpRequest) -> str:
    decision = read_decision(request)
    return decision.key if isinstance(decision, Enter) and decision.is_explicit else ""


def _asked_address(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next") or ""


def _next_address(request: HttpRequest) -> str:
    """Where the visitor wanted to go, when that is a page of ours."""
    address = _asked_address(request)
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else settings.LOGIN_REDIRECT_URL
