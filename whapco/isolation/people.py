"""Who asks, and with what in hand: four people of company A, and nine ways to knock at B's door."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tenants.seeding import give_roles
from tenants.sessions import Cookie, SessionStore
from whapco.isolation.planting import Company

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class Person:
    """`user` and `cookie` are None for somebody without a session."""

    name: str
    title: object
    tenant: Tenant
    user: User | None = None
    cookie: Cookie | None = None

    @property
    def is_superadmin(self) -> bool:
        return self.name == "superadmin"

    def stay_in(self) -> None:
        """Open a new session where a request has ended the last one."""
        if self.user is None:
            return
        with tenant_context(self.tenant):
            key = self.cookie.session_key if self.cookie else ""
            if not Session.objects.filter(session_key=key).exists():
                self.cookie = Cookie(self.tenant.key, _open_session(self.tenant, self.user))


@dataclass
class World:
    """Company A, whose people ask; company B, whose things they ask for."""

    own: Company
    other: Company
    control: Tenant

    def __post_init__(self) -> None:
        self.anonymous = Person("anonymous", _("Sin sesión"), self.control)
        self.agent = self._person("agent", _("Asesor de A"), self.own.tenant, Role.AGENT)
        self.admin = self._person("admin", _("Administrador de A"), self.own.tenant, Role.ADMIN)
        self.superadmin = self._person(
            "superadmin", _("Superadministrador"), self.control, Role.SUPERADMIN
        )
        self.owner = self._person(
            "owner", _("Administrador de B"), self.other.tenant, Role.ADMIN, Role.AGENT
        )
        self.strangers = (self.anonymous, self.agent, self.admin, self.superadmin)

    def _person(self, name: str, title: object, tenant: Tenant, *roles: str) -> Person:
        with tenant_context(tenant):
            user = User.objects.create(username=f"aislamiento-{name}", password=make_password(None))
            for keyword in roles:
                Role.objects.get_or_create(keyword=keyword, defaults={"name": keyword})
            give_roles(user, roles)
            self._sees_the_planted_chats(user)
        person = Person(name, title, tenant, user)
        person.stay_in()
        return person

    def _sees_the_planted_chats(self, user: User) -> None:
        """The agent too: those are given to the planted role."""
        planted = self.own.objects.get("tenants.role", [])
        if user._state.db == self.own.tenant.alias:
            user.roles.add(*Role.objects.filter(pk__in=planted))


def _open_session(tenant: Tenant, user: User) -> str:
    request = HttpRequest()
    session = SessionStore(None, tenant)
    request.session = session
    login(request, user, backend=_BACKEND)
    session.save()
    return str(session.session_key)


@dataclass(frozen=True)
class Way:
    """How a request tries to reach B. `is_own`: it only asks, as the pages of A do."""

    name: str
    title: object  # shown, in the language of whoever looks
    is_own: bool = False
    needs_session: bool = True


@dataclass(frozen=True)
class Knock:
    """What a request carries."""

    cookie: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""


WAYS = (
    Way("own", _("Con su propia sesión"), is_own=True, needs_session=False),
    Way("header", _("Su sesión y la cabecera de B"), needs_session=False),
    Way("query", _("Su sesión y ?tenant= de B"), needs_session=False),
    Way("both", _("Cabecera de A y ?tenant= de B"), needs_session=False),
    Way("forged", _("Cookie inventada: B y una clave, sin firma"), needs_session=False),
    Way("rewritten", _("Cookie de A con el nombre de B escrito encima")),
    Way("rebound", _("Sesión de A con una cookie bien firmada para B")),
    Way("grafted", _("Cookie de A con la sesión de un administrador de B")),
    Way("twice", _("Cookie de A y cookie inventada de B a la vez")),
)
SHORT_WAYS = WAYS[:2]


def knock(world: World, person: Person, way: Way) -> Knock:
    """What `person` sends in that way."""
    a, b = world.own.key, world.other.key
    cookie = str(person.cookie) if person.cookie else ""
    mine = person.cookie or Cookie(a, "a" * 32)
    theirs = world.owner.cookie or mine
    header = ((settings.TENANT_HEADER, b),)
    made_up = f"{b}:{theirs.session_key}"
    by_way = {
        "own": Knock(cookie),
        "header": Knock(cookie, header),
        "query": Knock(cookie, query=f"tenant={b}"),
        "both": Knock(cookie, ((settings.TENANT_HEADER, a),), f"tenant={b}"),
        "forged": Knock(made_up),
        "rewritten": Knock(cookie.replace(f"{mine.tenant_key}:", f"{b}:", 1)),
        "rebound": Knock(str(Cookie(b, mine.session_key))),
        "grafted": Knock(str(Cookie(mine.tenant_key, theirs.session_key))),
        "twice": Knock(f"{cookie}; {settings.SESSION_COOKIE_NAME}={made_up}"),
    }
    return by_way[way.name]
