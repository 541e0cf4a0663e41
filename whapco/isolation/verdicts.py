"""Is an answer one that company A may get?"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whapco.isolation.addresses import Address, Target
from whapco.isolation.asking import Answer
from whapco.isolation.marks import Kind, Mark
from whapco.isolation.people import Person, Way

_REFUSED = {400, 403, 404, 405}
_TO_LOGIN = (settings.LOGIN_URL, "/admin/login/")
# What wrong passwords leave in the company they were typed for: the one trace a stranger makes.
_COUNTED_AT_THE_DOOR = ("axes_",)


class Fault(Enum):
    """Worst first."""

    LEAK = gettext_lazy("Fuga: la respuesta muestra datos de B")
    CHANGE = gettext_lazy("Cambio: la petición cambió la base de datos de B")
    OPEN = gettext_lazy("Abierta: respondió en vez de negarse")
    ERROR = gettext_lazy("Error: el servidor falló")


@dataclass(frozen=True)
class Request:
    """What was asked, by whom and how."""

    method: str
    address: Address
    target: Target
    person: Person
    way: Way


@dataclass(frozen=True)
class Finding:
    fault: Fault
    route: str
    method: str
    path: str
    person: str
    way: str
    status: int
    detail: str

    def __str__(self) -> str:
        return (
            f"{self.fault.value}. {self.method} {self.path} · {self.person} · {self.way} · "
            f"{self.status} · {self.detail}"
        )


def judge(request: Request, answer: Answer, shown: Iterable[Mark]) -> Finding | None:
    """`shown` are the marks of B in the answer."""
    leaked = {mark for mark in shown if not _may_see(request, mark)}
    if leaked:
        return _found(Fault.LEAK, request, answer, _places(leaked))
    if answer.status >= 500:
        return _found(Fault.ERROR, request, answer, answer.error)
    if not _is_expected(request, answer):
        where = answer.location or _("una página")
        return _found(Fault.OPEN, request, answer, _("Respondió con %s.") % where)
    return None


def judge_changes(request: Request, answer: Answer, changed: Iterable[str]) -> Finding | None:
    """`changed` are the tables of B that the request changed."""
    touched = [table for table in changed if not _may_touch(request, table)]
    return _found(Fault.CHANGE, request, answer, ", ".join(touched)) if touched else None


def is_refusal(answer: Answer) -> bool:
    """Whether the answer says no, or sends to the login."""
    return answer.status in _REFUSED or _goes_to_login(answer)


def _may_see(request: Request, mark: Mark) -> bool:
    """A company's name stands on its door. Superadmins manage every company and its users, in the
    panel."""
    if _is_door(request) and mark.place == "tenants.tenant.name":
        return True
    return _runs_companies(request) and mark.kind in (Kind.PEOPLE, Kind.REGISTRY)


def _runs_companies(request: Request) -> bool:
    return request.person.is_superadmin and request.way.is_own and request.address.is_panel


def _may_touch(request: Request, table: str) -> bool:
    return _is_door(request) and table.startswith(_COUNTED_AT_THE_DOOR)


def _is_door(request: Request) -> bool:
    return request.address.name in ("login", "admin:login")


def _is_expected(request: Request, answer: Answer) -> bool:
    if request.address.is_public or _runs_companies(request):
        return True
    if request.way.name == "both":
        return answer.status in (403, 404)  # 404 where there is no company: static/
    is_member = request.way.is_own and request.person.user is not None
    if not is_member:
        return is_refusal(answer)
    if request.target.is_foreign:
        return answer.status in _REFUSED or answer.status in (301, 302)
    return True


def _goes_to_login(answer: Answer) -> bool:
    return answer.status == 302 and urlsplit(answer.location).path in _TO_LOGIN


def _found(fault: Fault, request: Request, answer: Answer, detail: str) -> Finding:
    return Finding(
        fault,
        request.address.route,
        request.method,
        request.target.path,
        str(request.person.title),
        str(request.way.title),
        answer.status,
        detail,
    )


def _places(marks: Iterable[Mark]) -> str:
    return ", ".join(sorted({mark.place for mark in marks}))
