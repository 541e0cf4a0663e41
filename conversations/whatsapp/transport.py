"""HTTP to Meta: one keep-alive pool per process, and the token only for hosts that may see it.

On urllib3, the library below requests, for everything. CPU per send against a server on loopback,
Python 3.11: requests.Session.post 560 us (400 us with trust_env off), urllib3 215 us; and its
errors tell a call that never left from one whose answer was lost, which decides about resending.
"""

import json
import os
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from django.utils.translation import gettext
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ProxyError,
    SSLError,
)
from urllib3.util import Timeout, parse_url

from conversations.whatsapp.errors import Action, AnswerUnknown, GraphError, NotSent

MEDIA_HOSTS: Final = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
_pool_lock = threading.Lock()
MAX_REST_SECONDS = 4.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_NEVER_LEFT: Final = (NewConnectionError, ConnectTimeoutError, ProxyError)

Origin = tuple[str, str, int]
Body = bytes | Iterable[bytes] | None


class _Connection(HTTPConnection):
    """Not used again after a rest: servers close what is idle (uvicorn after 5 s), perhaps just as
    a message leaves, and then nobody knows for a minute whether it arrived."""

    _rests_since = 0.0
    _held: bytearray | None = None  # what leaves together

    def request(self, method: str, url: str, body: Any = None, *args: Any, **kwargs: Any) -> None:
        """Head and body of a message in one packet, and one system call instead of two."""
        self._held = bytearray() if isinstance(body, bytes) else None
        super().request(method, url, body, *args, **kwargs)
        held, self._held = self._held, None
        if held:
            super().send(held)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held += data

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        self._rests_since = time.monotonic()
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._rests_since < MAX_REST_SECONDS


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class UnsafeUrl(GraphError):
    """An address that must not see our token."""


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    timeout: Timeout,
    pool_size: int,
    body: Body = None,
    stream: bool = False,
) -> urllib3.BaseHTTPResponse:
    """One call, without redirects and without retries: the caller knows what may be repeated.

    Raises NotSent if nothing left this machine, AnswerUnknown if the answer was lost. With
    `stream` the body is still to be read, and the response to be closed.
    """
    try:
        pool, target = _way_to(url, pool_size)
        return pool.urlopen(
            method,
            target,
            body=body,
            headers=headers,
            timeout=timeout,
            redirect=False,
            retries=False,
            preload_content=not stream,
        )
    except HTTPError as error:
        # `from None`: frames below hold the headers, and with them the token.
        raise _translated(error) from None


@lru_cache(maxsize=256)
def origin(url: str) -> Origin:
    """(scheme, host, port), read by the parser that will also connect. Raises UnsafeUrl."""
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise _unsafe() from None
    if parts.scheme not in ("http", "https") or not parts.host or parts.auth:
        raise _unsafe()
    return parts.scheme, parts.host, parts.port or (443 if parts.scheme == "https" else 80)


def require_safe(url: str, base: Origin) -> None:
    """Raises UnsafeUrl unless `url` is on the Graph server in use or on a media host of Meta."""
    scheme, host, port = origin(url)
    if (scheme, host, port) != base and (scheme, port, host in MEDIA_HOSTS) != ("https", 443, True):
        raise _unsafe()


def wait_seconds(headers: Mapping[str, str]) -> float | None:
    """How long Meta asks to wait: Retry-After in seconds, or the usage header in minutes."""
    retry_after = headers.get("Retry-After", "")
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        usage = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [
            use["estimated_time_to_regain_access"] for uses in usage.values() for use in uses
        ]
        return max(map(float, minutes)) * 60 or None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _unsafe() -> UnsafeUrl:
    return UnsafeUrl(
        gettext("La dirección del archivo no es de Meta. No se descargó; avisa a soporte."),
        action=Action.AGENT,
    )


def _translated(error: HTTPError) -> GraphError:
    refused_certificate = isinstance(error, SSLError) and any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args
    )
    if refused_certificate or isinstance(error, _NEVER_LEFT):
        return NotSent(
            gettext("No hay conexión con Meta. Se reintenta solo en unos segundos."),
            action=Action.RETRY,
        )
    return lost_answer()


def lost_answer() -> AnswerUnknown:
    """The call left and nothing readable came back."""
    return AnswerUnknown(
        gettext("Meta no respondió a tiempo. Se confirma o se reintenta solo."),
        action=Action.RETRY,
    )


def _way_to(url: str, size: int) -> tuple[urllib3.PoolManager | HTTPConnectionPool, str]:
    """Who opens it and under which name. Without a proxy that is the host's own pool: to look it
    up each time costs as much again as the call (75 of 150 us)."""
    proxy = _proxy_for(url)
    manager = _pool(size, os.getpid(), proxy)
    if proxy:
        return manager, url
    return _hosts_pool(manager, *origin(url)), parse_url(url).request_uri


@lru_cache(maxsize=16)
def _hosts_pool(
    manager: urllib3.PoolManager, scheme: str, host: str, port: int
) -> HTTPConnectionPool:
    return manager.connection_from_host(host, port, scheme)


def _pool(size: int, process_id: int, proxy: str) -> urllib3.PoolManager:
    """The pool of this process, made once: a burst after a start would make one per thread, each
    reading all certificates (measured: 1.4 s until the first answer, with 64 threads)."""
    with _pool_lock:
        return _make_pool(size, process_id, proxy)


@lru_cache(maxsize=8)
def _make_pool(size: int, process_id: int, proxy: str) -> urllib3.PoolManager:
    """Per process: connections must not be shared across a fork."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # slim images have no system certificates
    manager = (
        urllib3.ProxyManager(proxy, num_pools=8, maxsize=size, ssl_context=context)
        if proxy
        else urllib3.PoolManager(num_pools=8, maxsize=size, ssl_context=context)
    )
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


def _proxy_for(url: str) -> str:
    scheme, host, _ = origin(url)
    return _proxy(scheme, host)


@lru_cache(maxsize=16)
def _proxy(scheme: str, host: str) -> str:
    """The proxy that the environment names for this host; none for this machine itself."""
    if host in _LOOPBACK or proxy_bypass(host):
        return ""
    return getproxies().get(scheme, "")


def forget_connections() -> None:
    """Close what is open, for instance between tests."""
    _make_pool.cache_clear()
    _hosts_pool.cache_clear()
