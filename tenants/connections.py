"""The way to each company's database: aliases made at run time, few of them open at once.

The only writer of `connections.settings`. It is replaced, never mutated: another thread may be
iterating over it (changing it in place raised RuntimeError there).
"""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from django import db
from django.conf import settings
from django.core import signals
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tenants.context import CONTROL_ALIAS

if TYPE_CHECKING:
    from tenants.models import Tenant

_COMPARED = ("ENGINE", "NAME", "HOST", "PORT", "USER", "PASSWORD")
_ASKED = "mysql_server_data"  # a cached property of Django's MySQL connections
_told: dict[tuple[object, object], Any] = {}
_lock = threading.Lock()


class _Opened(threading.local):
    """The aliases this thread has opened, least recently used first."""

    def __init__(self) -> None:
        self.aliases: OrderedDict[str, None] = OrderedDict()


_opened = _Opened()


def register(tenant: "Tenant") -> str:
    """Make the company's database reachable under its alias, which is returned."""
    alias = tenant.alias
    if alias == CONTROL_ALIAS:
        return alias
    wanted = tenant.database_settings()
    if not _is_registered(alias, wanted):
        with _lock:
            full = connections.configure_settings({CONTROL_ALIAS: {}, alias: dict(wanted)})[alias]
            connections.settings = {**connections.settings, alias: full}
    _drop_outdated(alias)
    _spare_questions(connections[alias])
    _touch(alias)
    return alias


def unregister(alias: str) -> None:
    """Forget a database that is about to go."""
    if alias == CONTROL_ALIAS or alias not in connections.settings:
        return
    _close(alias)
    with _lock:
        rest = {name: full for name, full in connections.settings.items() if name != alias}
        connections.settings = rest


def take_over(wanted: dict[str, Any]) -> Any:
    """The driver's connection to the same server that this thread used longest ago, if it has as
    many open as it may, taken from its company; None: open a new one."""
    idle = _idle()
    if len(idle) < _limit():
        return None
    alias = idle[0]
    oldest = connections[alias]
    if oldest.errors_occurred or _server(oldest) != (wanted["HOST"], wanted["PORT"]):
        return None
    taken, oldest.connection = oldest.connection, None
    _close(alias)
    return taken


def is_companys(alias: str) -> bool:
    """Whether the alias is one made at run time, for a company's own database."""
    return alias != CONTROL_ALIAS and alias in connections.settings


def close_all() -> None:
    """Close every connection of this thread: what a pool's thread does before it goes."""
    for alias in list(_opened.aliases):
        _close(alias)


def install_signal_receivers() -> None:
    """Replace Django's per-request walk over every alias by one over this thread's open ones.

    With 1,000 companies Django's own receivers cost 5 to 9 ms a request, these 0.02 to 0.04 ms.
    """
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(db.close_old_connections)
        signal.connect(_close_old, dispatch_uid="tenants.close_old")
    signals.request_started.disconnect(db.reset_queries)
    signals.request_started.connect(_reset_queries, dispatch_uid="tenants.reset_queries")
    connection_created.connect(_remember, dispatch_uid="tenants.remember")


def close_old() -> None:
    """Close this thread's connections that are too old or broken; for loops outside requests."""
    for alias in list(_opened.aliases):
        connections[alias].close_if_unusable_or_obsolete()


def _is_registered(alias: str, wanted: dict[str, Any]) -> bool:
    known = connections.settings.get(alias)
    return known is not None and all(
        str(known.get(name, "")) == str(wanted.get(name, "")) for name in _COMPARED
    )


def _drop_outdated(alias: str) -> None:
    """A connection keeps the settings it was made with: after a change of password or server,
    which another thread may have registered, this thread needs a new one."""
    connection = connections[alias]
    is_outdated = connection.settings_dict is not connections.settings[alias]
    if is_outdated and not connection.in_atomic_block:
        _close(alias)


def _spare_questions(connection: BaseDatabaseWrapper) -> None:
    """Django asks each new connection for its server's version and modes, which the same server
    with the same settings has told before: a quarter of what opening costs."""
    known = _told.get(_server(connection))
    if known is not None:
        vars(connection).setdefault(_ASKED, known)


def _server(connection: BaseDatabaseWrapper) -> tuple[object, object]:
    return connection.settings_dict["HOST"], connection.settings_dict["PORT"]


def _touch(alias: str) -> None:
    if alias in _opened.aliases:
        _opened.aliases.move_to_end(alias)


def _remember(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.alias not in connections.settings:  # a server connection of databases.py
        return
    if _ASKED in vars(connection):
        _told[_server(connection)] = vars(connection)[_ASKED]
    _opened.aliases[connection.alias] = None
    _opened.aliases.move_to_end(connection.alias)
    for alias in _idle()[: -_limit()]:
        _close(alias)


def _idle() -> list[str]:
    """This thread's open companies that are in no transaction, least recently used first."""
    return [
        alias
        for alias in _opened.aliases
        if alias != CONTROL_ALIAS and not connections[alias].in_atomic_block
    ]


def _limit() -> int:
    return max(1, int(settings.TENANT_OPEN_PER_THREAD))


def _close(alias: str) -> None:
    """Also forgets the connection object: a thousand closed ones per thread cost memory."""
    _opened.aliases.pop(alias, None)
    connections[alias].close()
    if alias != CONTROL_ALIAS:
        del connections[alias]


def _close_old(**_: Any) -> None:
    close_old()


def _reset_queries(**_: Any) -> None:
    for alias in _opened.aliases:
        connections[alias].queries_log.clear()
