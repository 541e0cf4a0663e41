"""The first roles and users of a database, and who holds which role."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS, atomic, tenant_context
from tenants.errors import TenantError
from tenants.hashers import DEFAULT_ADMIN_HASH, adopt
from tenants.models import Role, Tenant, User

_COMPANY_USERS = {"admin": (Role.ADMIN,)}
_CONTROL_USERS = {"admin": (Role.ADMIN, Role.SUPERADMIN), "superadmin": (Role.SUPERADMIN,)}


def seed_roles(tenant: Tenant) -> None:
    """Create the roles that every database has; `superadmin` in the control database only."""
    names = {Role.ADMIN: _("Administrador"), Role.AGENT: _("Asesor")}
    if tenant.alias == CONTROL_ALIAS:
        names[Role.SUPERADMIN] = _("Superadministrador")
    with tenant_context(tenant), atomic():
        for keyword, name in names.items():
            Role.objects.get_or_create(keyword=keyword, defaults={"name": name})


def seed_users(tenant: Tenant) -> None:
    """Create the documented users that are missing. Who is there already stays as he is.

    Outside the demo they must change the password, which is public, at their first login.
    """
    seed_roles(tenant)
    password = adopt(settings.DEFAULT_ADMIN_PASSWORD_HASH or DEFAULT_ADMIN_HASH)
    users = _CONTROL_USERS if tenant.alias == CONTROL_ALIAS else _COMPANY_USERS
    with tenant_context(tenant), atomic():
        for username, keywords in users.items():
            defaults = {"password": password, "must_change_password": not settings.DEMO}
            user, is_new = User.objects.get_or_create(username=username, defaults=defaults)
            if is_new:
                give_roles(user, keywords)


def give_roles(user: User, keywords: Iterable[str]) -> None:
    """Make `keywords` the user's roles, unchecked. Admins and superadmins enter the
    administration pages, where their own database is all they reach."""
    user.roles.set(Role.objects.filter(keyword__in=set(keywords)))
    user.__dict__.pop("role_keywords", None)
    user.is_staff = user.is_superuser = user.sees_all_chats
    user.save(update_fields=["is_staff", "is_superuser"])


def set_user_roles(user: User, keywords: Iterable[str], *, by: User | None = None) -> None:
    """Make the ticked `keywords` the user's roles; unticked ones are taken away.

    Only a superadmin (`by`) gives or takes `superadmin`, and only in the control database; for
    anybody else that role stays as it is. Raises TenantError; the last superadmin keeps the role.
    """
    wanted = set(keywords)
    with atomic():
        held = set(user.roles.values_list("keyword", flat=True))
        if by is None or not by.is_installation_superadmin:
            _refuse_superadmin(wanted, held)
            wanted |= held & {Role.SUPERADMIN}
        _check_roles(user, wanted, held)
        give_roles(user, wanted)


def _refuse_superadmin(wanted: set[str], held: set[str]) -> None:
    if Role.SUPERADMIN in wanted - held:
        raise TenantError(_("Solo un superadministrador puede dar ese rol."))


def _check_roles(user: User, wanted: set[str], held: set[str]) -> None:
    unknown = wanted - set(Role.objects.values_list("keyword", flat=True))
    if unknown:
        raise TenantError(_("No existe el rol '%(role)s'.") % {"role": sorted(unknown)[0]})
    if Role.SUPERADMIN in wanted and user._state.db != CONTROL_ALIAS:
        raise TenantError(_("El rol superadmin solo existe en la base de control."))
    is_taken = Role.SUPERADMIN in held - wanted and user._state.db == CONTROL_ALIAS
    if is_taken and not _another_superadmin(user):
        raise TenantError(_("Es el último superadministrador: dé antes el rol a otra persona."))


def _another_superadmin(user: User) -> bool:
    others = User.objects.filter(roles__keyword=Role.SUPERADMIN, is_active=True)
    return others.exclude(pk=user.pk).exists()
