"""What one person changes about another: name, access, roles, password. The only writer of users
behind the company's own pages and behind the superadmins' panel."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tenants.context import CONTROL_ALIAS, atomic
from tenants.errors import TenantError
from tenants.models import Role, User
from tenants.seeding import set_user_roles

EDITED = ("username", "first_name", "last_name", "email", "is_active", "must_change_password")


def save_person(
    user: User, keywords: Iterable[str], *, by: User, password: str = "", in_panel: bool = False
) -> None:
    """Save `user`, new or changed, with the ticked `keywords` as roles.

    A password that one person sets for another is temporary: its owner chooses a new one at the
    next login. Raises TenantError; then nothing is saved.
    """
    wanted = set(keywords)
    with atomic():
        _one_at_a_time()
        check_person(user, wanted, by=by, in_panel=in_panel)
        changed = set(EDITED)
        if password:
            user.set_password(password)
            user.must_change_password = not is_same_person(user, by)
            changed.add("password")
        # Of somebody stored only what is on the form: what changed meanwhile is not undone.
        user.save(update_fields=changed if user.pk else None)
        set_user_roles(user, wanted, by=by if in_panel else None)


def check_person(user: User, wanted: set[str], *, by: User, in_panel: bool = False) -> None:
    """Raises TenantError when the change would shut out whoever makes it, leave nobody in charge,
    or touch a superadmin from a company's page."""
    stored = User.objects.filter(pk=user.pk).first() if user.pk else None
    if stored is None:
        return
    held = stored.role_keywords
    if Role.SUPERADMIN in held and not in_panel:
        raise TenantError(_("A un superadministrador solo lo cambia otro, en Empresas."))
    if is_same_person(user, by):
        _refuse_shutting_oneself_out(user, lost=held - wanted)
    if stored.is_active:
        _refuse_leaving_nobody(user, held, wanted)


def is_same_person(one: User, other: User) -> bool:
    """Ids repeat from one company's database to the next."""
    return one.pk == other.pk and one._state.db == other._state.db


def _one_at_a_time() -> None:
    """Two admins who remove each other at the same moment would leave none."""
    list(Role.objects.select_for_update().filter(keyword__in=(Role.ADMIN, Role.SUPERADMIN)))


def _refuse_shutting_oneself_out(user: User, lost: frozenset[str]) -> None:
    if not user.is_active:
        raise TenantError(_("No puedes desactivarte: pídeselo a otro administrador."))
    if not lost.isdisjoint({Role.ADMIN, Role.SUPERADMIN}):
        raise TenantError(
            _("No puedes quitarte el rol con el que administras: pídeselo a otro administrador.")
        )


def _refuse_leaving_nobody(user: User, held: frozenset[str], wanted: set[str]) -> None:
    in_control = user._state.db == CONTROL_ALIAS
    for keyword in (Role.ADMIN, Role.SUPERADMIN) if in_control else (Role.ADMIN,):
        keeps = user.is_active and keyword in wanted
        others = User.objects.filter(is_active=True, roles__keyword=keyword).exclude(pk=user.pk)
        if keyword in held and not keeps and not others.exists():
            raise TenantError(
                _("Es la única persona activa con el rol '%(role)s': da antes ese rol a otra.")
                % {"role": keyword}
            )
