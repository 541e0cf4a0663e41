"""What `manage.py check --deploy` looks at beside Django's own list. Each finding names the
variable that mends it; none prints a value."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError
from django.http.request import validate_host
from django.utils.translation import gettext as _

from tenants import registry
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.errors import TenantError
from tenants.hashers import DEFAULT_ADMIN_HASH, adopt
from tenants.models import Tenant, User
from tenants.schema import control_is_current, is_behind

DEFAULT_PASSWORD = "Admin1234"  # noqa: S105  (public: behind it stands this check)
_SEEDED_USERS = ("admin", "superadmin")
_LISTED = 10  # companies named in one finding
Findings = Iterator[CheckMessage]


def _deploy_check(findings: Callable[[], Findings]) -> Callable[[], Findings]:
    def check(app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
        return list(findings())

    register(Tags.security, deploy=True)(check)
    return findings


def _warning(number: int, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"tenants.W{number:03}")


@_deploy_check
def field_keys() -> Findings:
    if settings.FIELD_KEYS_DERIVED:
        yield _warning(
            1,
            _(
                "FIELD_KEYS no está definida: los tokens y contraseñas guardados se cifran con una "
                "clave derivada de SECRET_KEY y se pierden si esta cambia."
            ),
            _("Genera una clave Fernet y ponla en FIELD_KEYS."),
        )


@_deploy_check
def default_password() -> Findings:
    if _opens_with_default(settings.DEFAULT_ADMIN_PASSWORD_HASH or DEFAULT_ADMIN_HASH):
        yield _warning(
            2,
            _("Los usuarios iniciales de cada empresa nueva tienen la contraseña que es pública."),
            _("Pon en DEFAULT_ADMIN_PASSWORD_HASH el hash de una contraseña que solo tú sepas."),
        )


@_deploy_check
def people_with_default_password() -> Findings:
    found = _with_default_password()
    if found:
        rest = len(found) - _LISTED
        names = ", ".join(found[:_LISTED]) + (f" (+{rest})" if rest > 0 else "")
        yield _warning(
            3,
            _("Todavía tienen la contraseña que es pública: %(names)s.") % {"names": names},
            _("Entra con cada uno y cámbiala, y pon otra en DEFAULT_ADMIN_PASSWORD_HASH."),
        )


@_deploy_check
def webhook_signatures() -> Findings:
    if settings.WEBHOOK_ALLOW_UNSIGNED:
        yield _warning(
            4,
            _("WEBHOOK_ALLOW_UNSIGNED está activa: cualquiera puede escribir como si fuera Meta."),
            _("Quita WEBHOOK_ALLOW_UNSIGNED."),
        )
    without = [] if settings.META_APP_SECRET else _without_app_secret()
    if without:
        yield _warning(
            5,
            _("Sin META_APP_SECRET no se puede comprobar quién envía los webhooks de: %(names)s.")
            % {"names": ", ".join(without[:_LISTED])},
            _("Pon META_APP_SECRET, o el secreto de la app en cada empresa."),
        )


@_deploy_check
def public_address() -> Findings:
    url = urlsplit(settings.PUBLIC_BASE_URL)
    if url.scheme != "https":
        yield _warning(
            6,
            _("PUBLIC_BASE_URL no es https: contraseñas y cookies viajan a la vista."),
            _("Pon en PUBLIC_BASE_URL la dirección pública, con https://."),
        )
    elif settings.TRUSTED_PROXY_COUNT < 1:
        yield _warning(
            7,
            _(
                "TRUSTED_PROXY_COUNT es 0 y PUBLIC_BASE_URL es https: todos los visitantes parecen "
                "venir del proxy, y quien falle su contraseña bloquea a otros."
            ),
            _("Pon en TRUSTED_PROXY_COUNT cuántos proxies hay delante; casi siempre 1."),
        )
    if url.hostname and not validate_host(url.hostname, settings.ALLOWED_HOSTS):
        yield _warning(
            8,
            _("ALLOWED_HOSTS no tiene el nombre de PUBLIC_BASE_URL: nadie podrá entrar por ahí."),
            _("Añade ese nombre a ALLOWED_HOSTS."),
        )


@_deploy_check
def hosts() -> Findings:
    if "*" in settings.ALLOWED_HOSTS:
        yield _warning(
            9,
            _("ALLOWED_HOSTS acepta cualquier nombre."),
            _("Deja en ALLOWED_HOSTS solo los nombres de este servidor."),
        )


@_deploy_check
def demo() -> Findings:
    if settings.DEMO:
        yield _warning(
            10,
            _("DEMO está activa: las contraseñas son públicas y Meta es un simulador."),
            _("Quita DEMO."),
        )


def _opens_with_default(encoded: str) -> bool:
    """False for what is no hash: seeding refuses that, with its own sentence."""
    try:
        return check_password(DEFAULT_PASSWORD, adopt(encoded))
    except TenantError:
        return False


def _with_default_password() -> list[str]:
    return [name for tenant in _companies() for name in _people_of(tenant)]


def _people_of(tenant: Tenant) -> list[str]:
    """`company/user` of who has it still. A database that does not answer is not this check's."""
    try:
        if is_behind(tenant):
            return []
        with tenant_context(tenant):
            users = User.objects.filter(username__in=_SEEDED_USERS, is_active=True)
            return [f"{tenant.key}/{user.username}" for user in users if _still_has_it(user)]
    except DatabaseError:
        return []


def _still_has_it(user: User) -> bool:
    """In the control database the hash is tried. In a company's it is compared with the one that
    new users get: a thousand trials would take minutes."""
    if user._state.db == CONTROL_ALIAS:
        return check_password(DEFAULT_PASSWORD, user.password)
    return user.password == adopt(DEFAULT_ADMIN_HASH)


def _without_app_secret() -> list[str]:
    """Companies; without any, the installation itself."""
    found = _companies() or [Tenant.single_company()]
    named = [tenant for tenant in found if tenant.pk] or found
    return [tenant.key for tenant in named if not tenant.config.app_secret]


def _companies() -> list[Tenant]:
    """None before the first start has made the tables."""
    try:
        return registry.active_tenants() if control_is_current() else []
    except DatabaseError:
        return []
