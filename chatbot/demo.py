"""The demo company: its rules, quick replies, people and past chats. Loading it again adds nothing.

Only for DEMO=1: its users and passwords are printed and public.
"""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from chatbot.demo_chats import load_chats
from chatbot.importing import import_rules
from chatbot.models import Rule
from conversations.importing import import_buttons
from conversations.models import QuickReply
from tenants import registry
from tenants.context import atomic, tenant_context
from tenants.models import Role, Tenant, User
from tenants.services import prepare_installation, set_user_roles
from whapco.lib.upsert import ImportResult

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
ADMIN_PASSWORD = "Admin1234"  # noqa: S105 - documented, and only set in the demo
AGENT_PASSWORD = "Demo1234"  # noqa: S105
SALES, SUPPORT = "ventas", "soporte"
AGENTS = {"asesor": ("Marcela", "Ríos", SALES), "soporte": ("Diego", "Cárdenas", SUPPORT)}


class NotDemo(Exception):
    """The installation is a real one: known passwords have no place in it."""


def load_demo() -> Tenant:
    """Make the default company the demo company; returns it. Raises NotDemo, TenantError."""
    if not settings.DEMO:
        raise NotDemo
    prepare_installation(even_if_switched_off=True)
    company = registry.default_company()
    with tenant_context(company):
        agents = _people()
        if not Rule.objects.exists():  # what a newcomer has changed since stays
            _require_good(import_rules(FIXTURES / "reglas.xlsx"))
        if not QuickReply.objects.exists():
            _require_good(import_buttons(FIXTURES / "botones.xlsx"))
        load_chats(FIXTURES, company.config.phone_number_id, agents["asesor"])
    return company


def _people() -> dict[str, User]:
    with atomic():
        for keyword, name in ((SALES, _("Ventas")), (SUPPORT, _("Soporte"))):
            Role.objects.get_or_create(keyword=keyword, defaults={"name": name})
        _give_password(User.objects.get(username="admin"), ADMIN_PASSWORD)
        return {username: _agent(username) for username in AGENTS}


def _agent(username: str) -> User:
    first_name, last_name, role = AGENTS[username]
    names = {"first_name": first_name, "last_name": last_name}
    user, is_new = User.objects.get_or_create(username=username, defaults=names)
    if is_new:
        set_user_roles(user, [Role.AGENT, role])
    _give_password(user, AGENT_PASSWORD)
    return user


def _give_password(user: User, password: str) -> None:
    if user.must_change_password or not user.check_password(password):
        user.must_change_password = False
        user.set_password(password)
        user.save()


def _require_good(result: ImportResult) -> None:
    """The sheets are ours: an error in them is a bug, not something to show."""
    if result.errors:
        raise ValueError("; ".join(map(str, result.errors)))
